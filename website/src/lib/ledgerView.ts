import { formatUsd, type MicroUsd } from "@oa/contract/money";

/** With its sign in front, also for credits: "+$5.00", "-$0.0042", "$0.00". */
export function signedUsd(amount: MicroUsd): string {
  return amount > 0 ? `+${formatUsd(amount)}` : formatUsd(amount);
}
