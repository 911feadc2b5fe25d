import { API_PATHS, BillingSummary } from "@oa/contract";
import { NOTHING, route } from "../route.ts";

export const billingRoutes = [
  route({
    method: "GET",
    path: API_PATHS.billingSummary,
    gate: "actor",
    summary: "Your credits: posted, held, and left to spend",
    input: NOTHING,
    answer: BillingSummary,
    handle: ({ services, granted }) => services.control.billingSummary(granted.userId),
  }),
];
