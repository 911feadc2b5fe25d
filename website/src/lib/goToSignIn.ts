/** False while somebody signs out: who leaves on purpose is not led back to this page. */
let comesBack = true;

/**
 * Leaves for the sign-in page and comes back to this one afterwards. A new document, so that nothing of the ended
 * session (data, live connection) stays in memory for whoever signs in next.
 */
export function goToSignIn(): void {
  const { pathname, search } = window.location;
  window.location.assign(comesBack ? `/sign-in?next=${encodeURIComponent(pathname + search)}` : "/sign-in");
}

/**
 * Signs out by `act` and leaves for the sign-in page for good, also where the live connection hears of the session's end
 * before `act` is answered. Rejects as `act` does; the page stays then.
 */
export async function signOut(act: () => Promise<unknown>): Promise<void> {
  comesBack = false;
  try {
    await act();
  } catch (error) {
    comesBack = true;
    throw error;
  }
  goToSignIn();
}
