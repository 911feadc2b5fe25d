import { formatUsdExact, type MicroUsd } from "@oa/contract/money";

/** With its sign in front, also for credits: "+$5.00", "-$0.0042", "$0.00". Exact, so that balances can be checked by it. */
export function signedUsd(amount: MicroUsd): string {
  return amount > 0 ? `+${formatUsdExact(amount)}` : formatUsdExact(amount);
}
