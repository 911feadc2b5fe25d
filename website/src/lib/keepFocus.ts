import { focusHeading } from "./focusHeading.ts";

/** Where the focus was: the element, and what it stood in, outwards, each with its neighbours of then. */
interface Place {
  /** The dialog it stood in, else the page. */
  room: Element;
  focused: HTMLElement;
  /** It was let go for nothing else, as by closing the keyboard of a phone: it must not take the focus again by itself. */
  letGo: boolean;
  around: readonly { element: Element; neighbours: readonly (Element | null)[] }[];
}

const ROW = "li, article, tr";
/** What is open for one choice and closes with it: nobody comes back to it. */
const PASSING = "[role=menu], [role=listbox]";

/**
 * Keeps keyboards and screen readers where they were when what has the focus goes away: a row that is put away, a button that is
 * disabled while it works, the row a dialog was opened from. A browser then drops the focus to the top of the page. Here it goes
 * to the row that stood next, else to the heading of the panel, dialog or page; and back to the element once that takes it again.
 * A press of the mouse elsewhere lets go of the focus for good.
 *
 * Gives the function that ends it.
 */
export function keepFocus(): () => void {
  // Innermost last: a dialog's place stands behind that of the page it was opened from.
  let places: Place[] = [];

  const remember = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement) || target.closest(PASSING) !== null) return;
    const room = target.closest("[role=dialog]") ?? document.body;
    const place = { room, focused: target, letGo: false, around: surroundings(target) };
    places = [...places.filter((other) => other.room !== room), place];
  };
  const noteLeaving = ({ target, relatedTarget }: FocusEvent) => {
    const place = places.find(({ focused }) => focused === target);
    if (place !== undefined && relatedTarget === null) place.letGo = !place.focused.matches(":disabled");
  };
  const forget = () => {
    places = [];
  };
  const bringBack = () => {
    if (places.length === 0 || (document.activeElement ?? document.body) !== document.body) return;
    places = places.filter(({ room }) => room.isConnected);
    const place = places.at(-1);
    if (place !== undefined) returnTo(place);
  };

  const observer = new MutationObserver(bringBack);
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled"] });
  document.addEventListener("focusin", remember);
  document.addEventListener("focusout", noteLeaving);
  document.addEventListener("pointerdown", forget, { capture: true });
  return () => {
    observer.disconnect();
    document.removeEventListener("focusin", remember);
    document.removeEventListener("focusout", noteLeaving);
    document.removeEventListener("pointerdown", forget, { capture: true });
  };
}

function surroundings(target: Element): Place["around"] {
  const around = [];
  for (let element: Element | null = target; element !== null; element = element.parentElement) {
    around.push({ element, neighbours: [element.nextElementSibling, element.previousElementSibling] });
  }
  return around;
}

function returnTo({ focused, letGo, around }: Place): void {
  if (focused.isConnected) {
    // While it is disabled nothing happens; the observer tells when it no longer is.
    if (!letGo) focused.focus();
    return;
  }
  const left = around.findIndex(({ element }) => element.isConnected);
  const gone = around[left - 1];
  const next = gone?.neighbours.find((neighbour) => neighbour?.isConnected === true && neighbour.matches(ROW));
  const heading = next ?? headingOf(around[left]?.element);
  if (heading instanceof HTMLElement) focusOnce(heading);
  else focusHeading();
}

function headingOf(element: Element | undefined): Element | null {
  const id = element?.closest("section[aria-labelledby], [role=dialog]")?.getAttribute("aria-labelledby");
  return id === null || id === undefined ? null : document.getElementById(id);
}

/** Focuses what people cannot tab to, and leaves it as it was once the focus has gone on. */
function focusOnce(element: HTMLElement): void {
  if (!element.hasAttribute("tabindex")) {
    element.tabIndex = -1;
    element.addEventListener("blur", () => element.removeAttribute("tabindex"), { once: true });
  }
  element.focus();
}
