import { anyApi, componentsGeneric } from "convex/server";

export const internal = anyApi;
export const components = componentsGeneric();
