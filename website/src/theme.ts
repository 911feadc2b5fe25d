import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

/** Near-black to near-white: buttons and links are ink on paper, so that the colours left are those that mean something. */
const ink: MantineColorsTuple = [
  "#f4f4f5",
  "#e4e4e7",
  "#cfcfd4",
  "#b4b4bb",
  "#93939c",
  "#6f6f79",
  "#52525b",
  "#3b3b43",
  "#2a2a31",
  "#18181b",
];
/** The brand's red, for its mark only: danger has Mantine's red. */
const claw: MantineColorsTuple = [
  "#fff0ed",
  "#ffdfd9",
  "#ffbdb2",
  "#fd9988",
  "#f97963",
  "#f6644b",
  "#f0543a",
  "#d3432b",
  "#b93a25",
  "#9c301e",
];

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 9, dark: 0 },
  colors: { ink, claw },
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  headings: { fontWeight: "650" },
  respectReducedMotion: true,
});

/** Colours of Mantine that fall short of 4.5:1 on its own backgrounds, replaced by ones that do not. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#5c636a",
    "--mantine-color-error": "#b02525",
    "--mantine-color-body": "#ffffff",
    "--oa-surface": "#fafafa",
  },
  dark: {
    "--mantine-color-dimmed": "#a6a7ab",
    "--mantine-color-error": "#ff8f8f",
    "--mantine-color-body": "#161618",
    "--mantine-color-default": "#1f1f22",
    "--mantine-color-default-border": "#38383d",
    "--oa-surface": "#101012",
  },
});
