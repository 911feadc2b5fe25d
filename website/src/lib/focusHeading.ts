/**
 * Moves the focus to the page's heading, so that after a change of page keyboards and screen readers start at the top of
 * what is new.
 */
export function focusHeading(): void {
  const heading = document.querySelector("h1");
  if (heading === null) return;
  heading.tabIndex = -1;
  heading.style.outline = "none";
  heading.focus({ preventScroll: true });
}
