import { Center, Loader } from "@mantine/core";
import { Announcement } from "../ui/Announcement.tsx";

/** While a route's code or session is on its way for more than a moment. */
export function PendingPage() {
  return (
    <Center mih="60vh">
      <Announcement>Loading the page</Announcement>
      <Loader type="dots" aria-hidden />
    </Center>
  );
}
