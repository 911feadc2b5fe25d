import * as z from "zod";

/**
 * Names that travel in paths. Each has one pattern, so that what fits can be put into a path or a file name as it is.
 */

/** A user as the control plane names one: a Convex id, or the id of a trusted service's own user. */
export const UserId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:@|+-]{0,127}$/, "a user id is 1 to 128 letters, digits or _ . : @ | + -");
export type UserId = z.infer<typeof UserId>;

/** An instance id: opaque, made by the control plane, safe as a path segment, folder and container name. */
export const InstanceId = z
  .string()
  .regex(/^[a-z0-9]{8,64}$/, "an instance id is 8 to 64 lower-case letters or digits");
export type InstanceId = z.infer<typeof InstanceId>;

/** Ids of pairing requests and devices as they stand in paths. */
export const PathId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "an id is 1 to 64 letters, digits, underscores or hyphens");
export type PathId = z.infer<typeof PathId>;

/** Milliseconds since 1970. */
export const Millis = z.int().nonnegative();

/** Counts the incarnations of an instance; a command that carries an older one is refused. */
export const Generation = z.int().positive();
