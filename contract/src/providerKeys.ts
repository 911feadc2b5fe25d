import * as z from "zod";
import { Millis } from "./ids.ts";

/**
 * A person's own keys at model providers ("bring your own key"). While there is one, the hosted OpenClaw calls these
 * providers itself and spends no credits. Keys are written, never read back: what is shown is a provider's name, the last
 * four characters and when the key was stored.
 */

/** Providers the hosted OpenClaw brings with it and that take a plain API key; the ids are OpenClaw's own. */
export const ModelProvider = z.enum([
  "anthropic",
  "openai",
  "google",
  "openrouter",
  "xai",
  "together",
  "nvidia",
  "huggingface",
  "opencode-go",
  "ollama-cloud",
]);
export type ModelProvider = z.infer<typeof ModelProvider>;

/** What people call them. */
export const MODEL_PROVIDER_NAMES: Readonly<Record<ModelProvider, string>> = {
  anthropic: "Anthropic",
  openai: "OpenAI",
  google: "Google Gemini",
  openrouter: "OpenRouter",
  xai: "xAI",
  together: "Together AI",
  nvidia: "NVIDIA",
  huggingface: "Hugging Face",
  "opencode-go": "OpenCode Go",
  "ollama-cloud": "Ollama Cloud",
};

/** One key as a person pastes it; the line break that comes along is not a part of it. */
export const ProviderKey = z
  .string()
  .trim()
  .min(8, "a key has at least 8 characters")
  .max(512, "a key has at most 512 characters")
  .regex(/^[\x21-\x7e]+$/, "a key is one word of printable ASCII");

/** The stored secret `provider_keys`, as JSON; and what a fleet is told. */
export const ProviderKeys = z.partialRecord(ModelProvider, ProviderKey);
export type ProviderKeys = z.infer<typeof ProviderKeys>;

/** PUT: a key stores or replaces that provider's, null removes it, providers left out stay as they are. */
export const ProviderKeyChange = z.object({
  keys: z
    .partialRecord(ModelProvider, ProviderKey.nullable())
    .refine((keys) => Object.keys(keys).length > 0, "name at least one provider"),
});
export type ProviderKeyChange = z.infer<typeof ProviderKeyChange>;

/** What is shown of a stored key. */
export const ProviderKeyHint = z.object({
  provider: ModelProvider,
  last_four: z.string().length(4),
  updated_at: Millis,
});
export type ProviderKeyHint = z.infer<typeof ProviderKeyHint>;

/** Who pays for the model calls of the hosted OpenClaw. */
export const ModelSource = z.enum(["credits", "own_keys"]);
export type ModelSource = z.infer<typeof ModelSource>;

/** Answer of GET, PUT and DELETE. */
export const ProviderKeyList = z.object({ model_source: ModelSource, provider_keys: z.array(ProviderKeyHint) });
export type ProviderKeyList = z.infer<typeof ProviderKeyList>;
