import { BlockList, isIP } from "node:net";

/**
 * Where a device is, as the gateway is told. A gateway asks for approval only when the forwarding header names an address
 * that is not the machine's own, and refuses the connection when it names loopback. So a browser on this very machine is
 * told as an address that belongs to nobody (RFC 5737), and is shown as what it is.
 */
const STAND_IN_FOR_LOOPBACK = "192.0.2.1";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Front proxies whose forwarding headers are believed. */
export interface TrustedProxies {
  has(address: string): boolean;
}

/** From addresses and CIDR ranges; throws on anything else. */
export function trustedProxies(list: readonly string[]): TrustedProxies {
  const block = new BlockList();
  for (const entry of list) {
    const [address = "", prefix, ...rest] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    const bits = Number(prefix ?? (family === "ipv6" ? 128 : 32));
    if (
      isIP(address) === 0 ||
      rest.length > 0 ||
      !Number.isInteger(bits) ||
      bits < 0 ||
      bits > (family === "ipv6" ? 128 : 32)
    )
      throw new Error(`"${entry}" is not an address or a CIDR range`);
    block.addSubnet(address, bits, family);
  }
  return { has: (address) => inList(block, address) };
}

function inList(block: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && block.check(address, family === 6 ? "ipv6" : "ipv4");
}

/**
 * The client's address: the peer's, or, behind a trusted proxy, the nearest entry of `X-Forwarded-For` that is not such a
 * proxy itself. Everything further left was written by the client and is not believed.
 */
export function clientAddress(peer: string, forwardedFor: string | undefined, trusted: TrustedProxies): string {
  let address = plain(peer);
  const hops = (forwardedFor ?? "").split(",").map((hop) => plain(hop.trim()));
  for (let i = hops.length - 1; i >= 0 && trusted.has(address); i -= 1) {
    const hop = hops[i];
    if (hop === undefined || isIP(hop) === 0) break;
    address = hop;
  }
  return address;
}

/** The address as the gateway may be told it. */
export function toldClientAddress(address: string): string {
  return isIP(address) === 0 || inList(LOOPBACK, address) ? STAND_IN_FOR_LOOPBACK : address;
}

/** The address as people are shown it. */
export function shownClientAddress(told: string): string {
  return told === STAND_IN_FOR_LOOPBACK ? "127.0.0.1" : told;
}

/** IPv4 in its IPv6 dress (`::ffff:10.0.0.1`) is the IPv4 address. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
