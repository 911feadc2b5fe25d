import { Anchor, AppShell, Burger, Container, Group, Stack } from "@mantine/core";
import { useDisclosure, useHotkeys, useMediaQuery } from "@mantine/hooks";
import type { User } from "@oa/contract/accounts";
import type { WebConfig } from "@oa/contract/worker";
import { type PropsWithChildren, useRef } from "react";
import { AppSidebar } from "../AppSidebar.tsx";
import { CreditTrouble } from "../credits/CreditTrouble.tsx";
import { ColorSchemeMenu } from "../ui/ColorSchemeMenu.tsx";
import { useEndedSession } from "../../lib/useEndedSession.ts";
import { AccountMenu } from "./AccountMenu.tsx";
import { Brand } from "./Brand.tsx";
import { ConnectionBar } from "./ConnectionBar.tsx";
import { DoublesNotice } from "./DoublesNotice.tsx";
import { InAppFrame } from "./InAppFrame.ts";

/** Below the breakpoint `sm`. */
const SMALL = "47.99em";

/** The frame of every private page: header, sidebar (a drawer on small screens), notices, content. */
export function AppFrame({ user, config, children }: PropsWithChildren<{ user: User; config: WebConfig }>) {
  useEndedSession();
  const [menuOpen, menu] = useDisclosure(false);
  const burger = useRef<HTMLButtonElement>(null);
  // On a small screen the menu is either away, where no Tab may find it, or in front of the page.
  const small = useMediaQuery(`(max-width: ${SMALL})`) ?? false;
  useHotkeys([["Escape", () => small && menuOpen && closeMenu()]]);
  function closeMenu() {
    menu.close();
    burger.current?.focus();
  }
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !menuOpen } }}
      padding="md"
    >
      <AppShell.Header withBorder>
        <SkipLink />
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              ref={burger}
              opened={menuOpen}
              onClick={menu.toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={menuOpen ? "Close the menu" : "Open the menu"}
              aria-expanded={menuOpen}
            />
            <Brand to="/openclaw" />
          </Group>
          <Group gap={4} wrap="nowrap">
            <ColorSchemeMenu />
            <AccountMenu user={user} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" inert={small && !menuOpen} style={{ overflowY: "auto" }}>
        <AppSidebar onNavigate={menu.close} />
      </AppShell.Navbar>
      <AppShell.Main
        inert={small && menuOpen}
        id="content"
        tabIndex={-1}
        bg="var(--oa-surface)"
        style={{ outline: "none" }}
      >
        <Container size={960} px={0}>
          <Stack gap="lg" pb="xl">
            <ConnectionBar />
            <DoublesNotice doubles={config.doubles} />
            <CreditTrouble place="frame" />
            <InAppFrame value={true}>{children}</InAppFrame>
          </Stack>
        </Container>
      </AppShell.Main>
    </AppShell>
  );
}

/** First in the tab order; only seen while it has the focus. */
function SkipLink() {
  return (
    <Anchor
      href="#content"
      pos="absolute"
      left={-9999}
      top={8}
      p="xs"
      bg="var(--mantine-color-body)"
      style={{ zIndex: 1000, transition: "none" }}
      onClick={(event) => {
        event.preventDefault();
        document.querySelector<HTMLElement>("#content")?.focus();
      }}
      onFocus={(event) => (event.currentTarget.style.left = "8px")}
      onBlur={(event) => (event.currentTarget.style.left = "-9999px")}
    >
      Skip to the content
    </Anchor>
  );
}
