import { isCallback } from "@oa/contract/editor";

/** The seed's address of the editor: the only one that a token may go to. */
const EDITOR_PREFIX = "occ-editor://auth?";

/** True for the address that hands a token to the editor. */
export function isEditorAddress(address: string): boolean {
  return address.startsWith(EDITOR_PREFIX);
}

/** True for an address that a one-use code may go to: never a script, a file or a page of this site's own making. */
export function isCodeAddress(address: string): boolean {
  return isCallback(address);
}
