import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Projects whose files take minutes, the longest first: whole stacks, gateways, browsers, servers. */
const HEAVIEST = ["e2e", "runtime", "website", "embedded-convex"];

/**
 * Starts the files that take minutes before those that take moments, so that the last worker is not left alone with a long
 * one. Within a project it is vitest's own order: the longest of the last run first, else the largest.
 */
export default class HeaviestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => groupOf(a) - groupOf(b) || rankOf(a) - rankOf(b));
  }
}

function groupOf({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder;
}

function rankOf({ project }: TestSpecification): number {
  const rank = HEAVIEST.indexOf(project.name);
  return rank === -1 ? HEAVIEST.length : rank;
}
