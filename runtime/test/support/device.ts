import { type KeyObject, createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { WebSocket } from "ws";
import * as z from "zod";

/**
 * A real device of a gateway, as an app or a browser is one: an Ed25519 identity of its own, the gateway's own protocol
 * (version 4). For tests that need somebody on the other side of the forwarded path.
 */
export interface DeviceIdentity {
  deviceId: string;
  publicKey: string;
  key: KeyObject;
}

export function newDeviceIdentity(): DeviceIdentity {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  // The raw key is the last 32 bytes of its SPKI form.
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return {
    deviceId: createHash("sha256").update(raw).digest("hex"),
    publicKey: raw.toString("base64url"),
    key: privateKey,
  };
}

export interface DeviceProfile {
  client: { id: string; mode: string; platform: string; version: string; displayName?: string };
  role: "operator" | "node";
  scopes: readonly string[];
  /** What a node declares it can do. */
  commands?: readonly string[];
  /** A browser sends one. */
  origin?: string;
}

/** The Control UI in a browser that was opened on `origin`. */
export function browserProfile(origin: string): DeviceProfile {
  return {
    client: { id: "openclaw-control-ui", mode: "webchat", platform: "linux", version: "1.0.0" },
    role: "operator",
    scopes: ["operator.admin", "operator.read", "operator.write", "operator.approvals", "operator.pairing"],
    origin,
  };
}

/** A command line on another machine. */
export const CLI_PROFILE: DeviceProfile = {
  client: { id: "cli", mode: "cli", platform: "darwin", version: "1.0.0", displayName: "Ada's laptop" },
  role: "operator",
  scopes: ["operator.read", "operator.write"],
};

export interface DeviceConnectOptions {
  /** `ws(s)://…/i/<instance>/gateway`. */
  url: string;
  identity: DeviceIdentity;
  profile: DeviceProfile;
  /** The gateway's shared token (first time), or the device's own (afterwards). */
  token?: string;
  /** Of a setup code, in the place of a token: it pairs the device without anybody being asked. */
  bootstrapToken?: string;
  /** What an attacker might send along. */
  headers?: Readonly<Record<string, string>>;
  timeoutMs?: number;
}

/** `refused` carries the gateway's code (`NOT_PAIRED`, `AUTH_TOKEN_MISMATCH`, …) and, while approval is awaited, the request. */
export type DeviceConnection =
  | {
      state: "connected";
      deviceToken: string | undefined;
      scopes: string[];
      closed: Promise<number>;
      call: Call;
      close: () => void;
    }
  | { state: "refused"; code: string; requestId: string | undefined };

type Call = (method: string, params?: object) => Promise<unknown>;

const Frame = z.object({
  type: z.string(),
  id: z.string().optional(),
  event: z.string().optional(),
  ok: z.boolean().optional(),
  payload: z.unknown().optional(),
  error: z
    .object({
      code: z.string(),
      message: z.string(),
      details: z.looseObject({ code: z.string().optional(), requestId: z.string().optional() }).optional(),
    })
    .optional(),
});
const Challenge = z.object({ nonce: z.string(), ts: z.number() });
const Hello = z.object({ auth: z.object({ deviceToken: z.string().optional(), scopes: z.array(z.string()) }) });

type Message = z.infer<typeof Frame>;

/** Connects once. Rejects when there is no gateway behind the address; a refusal of the gateway is an answer. */
export async function connectDevice(options: DeviceConnectOptions): Promise<DeviceConnection> {
  const { identity, profile, token, bootstrapToken } = options;
  const timeoutMs = options.timeoutMs ?? 60_000;
  const socket = new WebSocket(options.url, {
    headers: { ...options.headers, ...(profile.origin === undefined ? {} : { origin: profile.origin }) },
    handshakeTimeout: timeoutMs,
  });
  const waiting = new Map<string, (frame: Message) => void>();
  const challenged = Promise.withResolvers<z.infer<typeof Challenge>>();
  const broken = Promise.withResolvers<never>();
  const closed = new Promise<number>((resolve) => {
    socket.once("close", (code) => {
      broken.reject(new Error(`closed ${code} before an answer`));
      resolve(code);
    });
  });
  // Nobody may be waiting any more when it breaks.
  broken.promise.catch(() => undefined);
  const timer = setTimeout(() => {
    broken.reject(new Error("the gateway did not answer in time"));
    socket.terminate();
  }, timeoutMs);
  socket.once("error", broken.reject);
  socket.on("message", (data: Buffer) => {
    const frame = Frame.parse(JSON.parse(data.toString("utf8")));
    if (frame.type === "res" && frame.id !== undefined) waiting.get(frame.id)?.(frame);
    if (frame.event === "connect.challenge") challenged.resolve(Challenge.parse(frame.payload));
  });
  const send = (method: string, params: object) =>
    Promise.race([
      broken.promise,
      new Promise<Message>((resolve) => {
        const id = randomUUID();
        waiting.set(id, resolve);
        socket.send(JSON.stringify({ type: "req", id, method, params }));
      }),
    ]);

  try {
    const challenge = await Promise.race([broken.promise, challenged.promise]);
    const answer = await send("connect", connectParams(identity, profile, { token, bootstrapToken }, challenge));
    if (answer.ok !== true) {
      socket.close();
      const { code, details } = answer.error ?? { code: "UNKNOWN", details: undefined };
      return { state: "refused", code: details?.code ?? code, requestId: details?.requestId };
    }
    const { auth } = Hello.parse(answer.payload);
    const call: Call = async (method, params = {}) => {
      const reply = await send(method, params);
      if (reply.ok !== true) throw new Error(reply.error?.code ?? "refused");
      return reply.payload;
    };
    const close = () => socket.close();
    return { state: "connected", deviceToken: auth.deviceToken, scopes: auth.scopes, closed, call, close };
  } finally {
    clearTimeout(timer);
  }
}

function connectParams(
  identity: DeviceIdentity,
  profile: DeviceProfile,
  { token, bootstrapToken }: { token: string | undefined; bootstrapToken: string | undefined },
  challenge: z.infer<typeof Challenge>,
): object {
  const { client, role, scopes } = profile;
  const signed = [
    "v3",
    identity.deviceId,
    client.id,
    client.mode,
    role,
    scopes.join(","),
    challenge.ts,
    token ?? bootstrapToken ?? "",
    challenge.nonce,
    client.platform,
    "",
  ];
  return {
    minProtocol: 4,
    maxProtocol: 4,
    client,
    role,
    scopes,
    caps: [],
    commands: profile.commands ?? [],
    permissions: {},
    auth: { ...(token !== undefined && { token }), ...(bootstrapToken !== undefined && { bootstrapToken }) },
    device: {
      id: identity.deviceId,
      publicKey: identity.publicKey,
      signature: sign(null, Buffer.from(signed.join("|")), identity.key).toString("base64url"),
      signedAt: challenge.ts,
      nonce: challenge.nonce,
    },
  };
}
