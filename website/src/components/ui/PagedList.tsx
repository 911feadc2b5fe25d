import { Button, Center, EmptyState, Stack, Text } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { LivePages } from "../../lib/live.tsx";
import { Loading } from "./Loading.tsx";

interface PagedListProps<T> {
  pages: LivePages<T>;
  /** Completes "Loading …". */
  what: string;
  /** Height of the grey shape while the first page is on its way. */
  h?: number;
  empty: { icon: ReactNode; title: string; description: string };
  /** The button that asks for the next page: "Show older calls". */
  more: string;
  /** What has come; never without items. */
  children: (items: readonly T[]) => ReactNode;
}

/** A list that is read page by page: loading, empty, its items, more of them. */
export function PagedList<T>({ pages, what, h = 140, empty, more, children }: PagedListProps<T>) {
  if (pages.state === "first") return <Loading what={what} h={h} />;
  if (pages.items.length === 0) return <EmptyState {...empty} />;
  return (
    <Stack gap="md">
      {children(pages.items)}
      <MoreButton pages={pages} label={more} />
    </Stack>
  );
}

/**
 * Asks for the next page; nothing at the end of a list, unless that end was just reached from here: then it is said, and
 * takes the focus of the button that made way for it.
 */
export function MoreButton({ pages: { state, loadMore }, label }: { pages: LivePages<unknown>; label: string }) {
  const end = useRef<HTMLParagraphElement>(null);
  const [asked, setAsked] = useState(false);
  const reached = asked && state === "end";
  useEffect(() => {
    if (reached && document.activeElement === document.body) end.current?.focus();
  }, [reached]);
  function ask() {
    setAsked(true);
    loadMore();
  }
  if (state === "first" || (state === "end" && !asked)) return null;
  return (
    <Center>
      {reached ? (
        <Text ref={end} tabIndex={-1} size="sm" c="dimmed" style={{ outline: "none" }}>
          That is all there is.
        </Text>
      ) : (
        <Button variant="default" size="xs" loading={state === "next"} onClick={ask}>
          {label}
        </Button>
      )}
    </Center>
  );
}
