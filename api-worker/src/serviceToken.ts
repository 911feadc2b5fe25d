import { newCheckedToken } from "./checkedToken.ts";

/** Token of one runtime's service API. */
export function newServiceToken(bytes?: Uint8Array): string {
  return newCheckedToken("oc_svc_", bytes);
}
