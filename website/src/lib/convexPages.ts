import type { UsePaginatedQueryResult } from "convex/react";
import type { LivePages } from "./live.tsx";

/** Rows asked for at once. */
export const PAGE_SIZE = 20;

const STATES = { LoadingFirstPage: "first", LoadingMore: "next", CanLoadMore: "more", Exhausted: "end" } as const;

/** A paginated query as the page's own kind of list. */
export function pagesOf<T>(query: UsePaginatedQueryResult<T>): LivePages<T> {
  return { items: query.results, state: STATES[query.status], loadMore: () => query.loadMore(PAGE_SIZE) };
}
