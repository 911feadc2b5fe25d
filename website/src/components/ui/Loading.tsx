import { Box, Skeleton, type SkeletonProps } from "@mantine/core";
import { Announcement } from "./Announcement.tsx";

/** A grey shape where something will stand; `what` completes "Loading …" for those who cannot see it. */
export function Loading({ what, ...skeleton }: { what: string } & SkeletonProps) {
  return (
    <Box>
      <Announcement>{`Loading ${what}`}</Announcement>
      <Skeleton {...skeleton} />
    </Box>
  );
}
