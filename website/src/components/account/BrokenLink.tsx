import { Stack } from "@mantine/core";
import { LinkButton } from "../ui/Links.tsx";
import { Notice } from "./Notice.tsx";

/** A mailed link without its secret: mail programs break long lines. */
export function BrokenLink() {
  return (
    <Stack gap="md">
      <Notice kind="info" title="That link is not whole">
        Open it from the mail again, or copy all of it into the address bar.
      </Notice>
      <LinkButton to="/forgot-password" variant="default">
        Send me a new link
      </LinkButton>
    </Stack>
  );
}
