import * as z from "zod";

/** Absent, null or false; anything else is refused with the sentence. */
export const refused = (sentence: string) => z.union([z.null(), z.literal(false)], sentence).optional();

/**
 * Fields of requests, at any vendor that speaks OpenAI's protocol, by which a call would cost something else than its model's tokens
 * up to its held length, or would reach what is stored in the installation's account at the vendor.
 */
const ROUTE = "only the model that was held for is called; leave it out";
const SEARCH = "the vendor's own search has no price here; leave it out";
const LONGER = "it would be charged beyond the length that was held for; leave it out";
const STORED = "nothing stored at the vendor can be used; leave it out";
const FASTER = "only the usual speed and place have a price here; leave it out";
const UNREAD = "fields behind other fields cannot be priced; leave it out";

/** What both endpoints that answer in words refuse. */
export const REFUSED_FIELDS = {
  // OpenRouter: another model when the first one does not want to, another seller of the same, what is bought beside it.
  models: refused(ROUTE),
  route: refused(ROUTE),
  provider: refused(ROUTE),
  preset: refused(ROUTE),
  plugins: refused(SEARCH),
  // xAI; Alibaba; Perplexity and others.
  search_parameters: refused(SEARCH),
  enable_search: refused(SEARCH),
  search_options: refused(SEARCH),
  web_search_options: refused(SEARCH),
  web_search: refused(SEARCH),
  // Words that were foretold and not taken are charged as written; the best of several are all charged, one is answered.
  prediction: refused(LONGER),
  best_of: refused(LONGER),
  use_beam_search: refused(LONGER),
  // Answers that are fetched later run on unpaid.
  deferred: refused(LONGER),
  background: refused("a response in the background would run on unpaid; leave background out"),
  // Anthropic, at up to six times the price; a vendor's machines and tools.
  speed: refused(FASTER),
  inference_geo: refused(FASTER),
  container: refused(STORED),
  mcp_servers: refused(STORED),
  context_management: refused(LONGER),
  // Azure; Google.
  data_sources: refused(STORED),
  cached_content: refused(STORED),
  extra_body: refused(UNREAD),
} as const;
