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

/** Connects once. Rejects when there is no gateway behind the address; a refusal of the gateway is an answer. */
export function connectDevice(options: DeviceConnectOptions): Promise<DeviceConnection> {
  const { identity, profile, token } = options;
  const socket = new WebSocket(options.url, {
    headers: { ...options.headers, ...(profile.origin === undefined ? {} : { origin: profile.origin }) },
    handshakeTimeout: options.timeoutMs ?? 15_000,
  });
  const waiting = new Map<string, (frame: z.infer<typeof Frame>) => void>();
  const closed = new Promise<number>((resolve) => socket.once("close", (code) => resolve(code)));
  const send = (method: string, params: object) =>
    new Promise<z.infer<typeof Frame>>((resolve) => {
      const id = randomUUID();
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ type: "req", id, method, params }));
    });

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.terminate();
      reject(new Error("the gateway did not answer in time"));
    }, options.timeoutMs ?? 15_000);
    socket.once("error", reject);
    void closed.then((code) => {
      clearTimeout(timer);
      reject(new Error(`closed ${code} before an answer`));
    });
    socket.on("message", (data: Buffer) => {
      const frame = Frame.parse(JSON.parse(data.toString("utf8")));
      if (frame.type === "res" && frame.id !== undefined) waiting.get(frame.id)?.(frame);
      if (frame.event !== "connect.challenge") return;
      void send("connect", connectParams(identity, profile, token, Challenge.parse(frame.payload))).then((answer) => {
        clearTimeout(timer);
        if (answer.ok !== true) {
          socket.close();
          const { code, details } = answer.error ?? { code: "UNKNOWN", details: undefined };
          resolve({ state: "refused", code: details?.code ?? code, requestId: details?.requestId });
          return;
        }
        const { auth } = Hello.parse(answer.payload);
        const call: Call = async (method, params = {}) => {
          const reply = await send(method, params);
          if (reply.ok !== true) throw new Error(reply.error?.code ?? "refused");
          return reply.payload;
        };
        resolve({
          state: "connected",
          deviceToken: auth.deviceToken,
          scopes: auth.scopes,
          closed,
          call,
          close: () => socket.close(),
        });
      }, reject);
    });
  });
}

function connectParams(
  identity: DeviceIdentity,
  profile: DeviceProfile,
  token: string | undefined,
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
    token ?? "",
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
    auth: token === undefined ? {} : { token },
    device: {
      id: identity.deviceId,
      publicKey: identity.publicKey,
      signature: sign(null, Buffer.from(signed.join("|")), identity.key).toString("base64url"),
      signedAt: challenge.ts,
      nonce: challenge.nonce,
    },
  };
}
