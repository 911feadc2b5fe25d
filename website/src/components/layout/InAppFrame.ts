import { createContext } from "react";

/** True inside `AppFrame`: what would bring a frame of its own (an error, a page that is not there) leaves it out. */
export const InAppFrame = createContext(false);
