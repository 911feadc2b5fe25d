import * as z from "zod";
import { safeNext } from "./safeNext.ts";

/** `?next=` of the sign-in and sign-up pages; anything but a path of this site is dropped. */
export const AuthSearch = z.object({ next: z.string().transform(safeNext).optional().catch(undefined) });
