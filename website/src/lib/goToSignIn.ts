/**
 * Leaves for the sign-in page and comes back to this one afterwards. A new document, so that nothing of the ended
 * session (data, live connection) stays in memory for whoever signs in next.
 */
export function goToSignIn(): void {
  const { pathname, search } = window.location;
  window.location.assign(`/sign-in?next=${encodeURIComponent(pathname + search)}`);
}
