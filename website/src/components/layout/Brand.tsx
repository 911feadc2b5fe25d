import { Group, Text, ThemeIcon } from "@mantine/core";
import { TextLink } from "../ui/Links.tsx";

/** The mark and name, as a link home. */
export function Brand({ to }: { to: "/" | "/openclaw" }) {
  return (
    <TextLink to={to} c="inherit" underline="never">
      <Group gap="xs" wrap="nowrap">
        <ThemeIcon size={28} radius="md" color="claw.8" aria-hidden>
          <svg
            width="18"
            height="18"
            viewBox="0 0 18 18"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.8"
            strokeLinecap="round"
          >
            <path d="M3 14.500C2 10.500 3.500 6 6.500 3" />
            <path d="M8 15c-.4-4 .8-7.500 3.600-10.500" />
            <path d="M13 15c0-3 .6-5.500 2.400-7.500" />
          </svg>
        </ThemeIcon>
        <Text fw={700} size="lg" lh={1}>
          OpenClaw
        </Text>
      </Group>
    </TextLink>
  );
}
