import type { Page, Request } from "playwright-core";

/** No change of the document for so long is rest; the clocks of a page tick once a second. */
const STILL_MS = 60;
const DEADLINE_MS = 10_000;

/** A page, what it threw, and its requests that have no answer yet. */
export interface Tab {
  page: Page;
  thrown: string[];
  underWay: ReadonlySet<Request>;
}

export function newTab(page: Page): Tab {
  const thrown: string[] = [];
  page.on("pageerror", (error) => thrown.push(error.message));
  const underWay = new Set<Request>();
  page.on("request", (request) => {
    // An event stream never has its last.
    if (request.resourceType() !== "eventsource") underWay.add(request);
  });
  page.on("requestfinished", (request) => underWay.delete(request));
  page.on("requestfailed", (request) => underWay.delete(request));
  return { page, thrown, underWay };
}

/** Waits until a page has drawn what it was given: nothing is asked, nothing changes, nothing moves. */
export async function settled({ page, underWay }: Tab): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await stoodStill(page)) || underWay.size > 0)
    if (Date.now() > deadline) throw new Error("the page does not come to rest");
  await moved(page);
}

/** True where for a moment the document did not change, and the fixtures' answers were all given. */
function stoodStill(page: Page): Promise<boolean> {
  return page.evaluate(async (ms) => {
    let changes = 0;
    const observer = new MutationObserver((records) => (changes += records.length));
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    await new Promise((resolve) => setTimeout(resolve, ms));
    changes += observer.takeRecords().length;
    observer.disconnect();
    return changes === 0 && (document.documentElement.dataset["underWay"] ?? "0") === "0";
  }, STILL_MS);
}

/** Waits until what slides or fades has come to its end: until then it is neither here nor there. */
export function moved(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    await frame();
    const moving = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    await Promise.allSettled(moving.map(({ finished }) => finished));
  });
}
