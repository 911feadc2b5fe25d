import { queryOptions } from "@tanstack/react-query";
import { webApi } from "./webApi.ts";

/**
 * What every page asks by request, with its cache key; what concerns a runtime is in `runtimeQueries.ts`, so that the
 * first page does not carry it. What moves by itself (instance, devices, credits, activity) comes live, see `live.tsx`.
 */

/** Who is signed in. Kept until a sign-in, a sign-out or a refused call says otherwise. */
export const sessionQuery = () =>
  queryOptions({ queryKey: ["session"], queryFn: () => webApi.session(), staleTime: Infinity });

/** What this installation is; it changes with a deployment only. */
export const configQuery = () =>
  queryOptions({ queryKey: ["config"], queryFn: () => webApi.config(), staleTime: Infinity });
