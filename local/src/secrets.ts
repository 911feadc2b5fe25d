import { generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import { readIfThere, writePrivateFile } from "./files.ts";

/** What `npm start` makes once and keeps in `secrets.json` (0600). Losing the encryption key loses the stored secrets. */
export const Secrets = z.object({
  OA_INTERNAL_KEY: z.string().min(32),
  OA_CONTROL_KEY: z.string().min(32),
  OA_FLEET_KEY: z.string().min(32),
  OPENCLAW_ENCRYPTION_KEY: z.string().min(32),
  /** PKCS#8 PEM of the ES256 key that signs the browser's Convex tokens. */
  OA_CONVEX_JWT_PRIVATE_KEY: z.string(),
  /** `data:` URL of the public half, as Convex's `customJwt` provider reads it. */
  OA_CONVEX_JWKS: z.string().startsWith("data:"),
});
export type Secrets = z.infer<typeof Secrets>;

/** Issuer of the browser's Convex tokens on a local stack; a name, never fetched. */
export const LOCAL_JWT_ISSUER = "https://managed-openclaw.localhost";

/** Key id in the token header and in the published key. */
export const LOCAL_JWT_KEY_ID = "local-1";

/** Reads the kept secrets, or makes and keeps them. Variables of the same name in `environment` win. */
export async function loadSecrets(
  dataDir: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Secrets> {
  const file = join(dataDir, "secrets.json");
  const text = await readIfThere(file);
  const kept = text === null ? {} : readKept(text, file);
  const secrets = checked({ ...makeSecrets(), ...kept }, file);
  if (text === null || Object.keys(secrets).some((name) => !(name in kept))) {
    await writePrivateFile(file, `${JSON.stringify(secrets, null, 2)}\n`);
  }
  const overrides = Object.fromEntries(
    Object.keys(secrets).flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  return checked({ ...secrets, ...overrides }, ".env or the environment");
}

/** Never made anew in place of what cannot be read: without the old encryption key what is stored would be lost. */
function readKept(text: string, file: string): Record<string, string> {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch (error) {
    const advice = "Put your copy of it back, or begin anew with npm start -- --reset.";
    throw new Error(`${file} is damaged. ${advice}`, { cause: error });
  }
}

function checked(secrets: Readonly<Record<string, string>>, where: string): Secrets {
  const parsed = Secrets.safeParse(secrets);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")} (${issue.message})`).join(", ");
  throw new Error(`A key in ${where} cannot be used: ${wrong}`);
}

function makeSecrets(): Secrets {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicJwk = pair.publicKey.export({ format: "jwk" });
  const jwks = { keys: [{ ...publicJwk, kid: LOCAL_JWT_KEY_ID, alg: "ES256", use: "sig" }] };
  return {
    OA_INTERNAL_KEY: randomBytes(32).toString("hex"),
    OA_CONTROL_KEY: randomBytes(32).toString("hex"),
    OA_FLEET_KEY: randomBytes(32).toString("hex"),
    OPENCLAW_ENCRYPTION_KEY: randomBytes(32).toString("hex"),
    OA_CONVEX_JWT_PRIVATE_KEY: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    OA_CONVEX_JWKS: `data:application/json;base64,${Buffer.from(JSON.stringify(jwks)).toString("base64")}`,
  };
}
