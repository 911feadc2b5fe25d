/** `head` of a route: "Devices · OpenClaw". */
export function pageTitle(title: string): { meta: [{ title: string }] } {
  return { meta: [{ title: `${title} · OpenClaw` }] };
}
