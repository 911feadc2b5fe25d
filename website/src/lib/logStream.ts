import { LOG_EVENTS, LogPage } from "@oa/contract/runtime";
import { API_PATHS } from "@oa/contract/worker";

/** `opening` the first time; `broken` until it is there again. */
export type LogStreamState = "opening" | "open" | "broken";

interface Following {
  /** Position of the first line that is wanted. */
  since: number;
  onPage: (page: LogPage) => void;
  onState: (state: LogStreamState) => void;
}

/** Follows a log until the answer is called. */
export type FollowLog = (following: Following) => () => void;

/** Pauses before a stream that was refused is asked for again. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Follows the log at the door. A stream that breaks off, or that the door ends after its time, is opened
 * again by the browser itself, which says where it was (`Last-Event-ID`); one that is refused is opened anew here, ever
 * more slowly, from the same place.
 */
export const followLog: FollowLog = ({ since, onPage, onState }) => {
  let next = since;
  let pause = FIRST_PAUSE_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  onState("opening");
  let source = open();
  return () => {
    clearTimeout(timer);
    source.close();
  };

  function open(): EventSource {
    const opened = new EventSource(`${API_PATHS.runtimeLogsStream}?since=${String(next)}`);
    opened.addEventListener("open", () => {
      pause = FIRST_PAUSE_MS;
      onState("open");
    });
    opened.addEventListener(LOG_EVENTS.lines, ({ data }: MessageEvent<unknown>) => {
      const page = pageOf(data);
      if (page === null) return;
      ({ next } = page);
      onPage(page);
    });
    opened.addEventListener("error", () => {
      onState("broken");
      if (opened.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(() => (source = open()), pause);
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    });
    return opened;
  }
};

/** Null for what is not the contract's. */
function pageOf(data: unknown): LogPage | null {
  try {
    return LogPage.parse(JSON.parse(String(data)));
  } catch {
    return null;
  }
}
