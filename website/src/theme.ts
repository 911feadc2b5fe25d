import {
  Badge,
  Button,
  createTheme,
  type CSSVariablesResolver,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  Modal,
  NavLink,
  type VariantColorsResolver,
  virtualColor,
} from "@mantine/core";

/**
 * Buttons and links are ink on paper, so that the colours left are those that mean something. Shade 9 is what Mantine
 * fills with: near-black on light ground, near-white on dark.
 */
const inkOnLight: MantineColorsTuple = [
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
const inkOnDark: MantineColorsTuple = [
  "#ffffff",
  "#fcfcfc",
  "#fafafa",
  "#f4f4f5",
  "#efeff1",
  "#e9e9ec",
  "#e4e4e7",
  "#dcdce0",
  "#d4d4d8",
  "#f4f4f5",
];
/** The brand's red, for its mark and for what waits: danger has Mantine's red. */
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

/** Mantine does not know which of its two grounds a virtual colour stands on; the text on ink is a variable of ours. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  return input.variant === "filled" && (input.color ?? input.theme.primaryColor) === "ink"
    ? { ...colors, color: "var(--oa-on-ink)" }
    : colors;
};

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 9, dark: 9 },
  colors: { inkOnLight, inkOnDark, claw, ink: virtualColor({ name: "ink", light: "inkOnLight", dark: "inkOnDark" }) },
  variantColorResolver,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  headings: { fontWeight: "650" },
  components: {
    // With reduced motion Mantine leaves out the transform that centres the loader together with its animation.
    Button: Button.extend({ styles: { loader: { transform: "translate(-50%, -50%)" } } }),
    Badge: Badge.extend({ styles: { root: { textTransform: "none" } } }),
    Modal: Modal.extend({ styles: { title: { fontWeight: 650, overflowWrap: "anywhere" } } }),
    NavLink: NavLink.extend({ styles: { root: { borderRadius: "var(--mantine-radius-md)" } } }),
  },
});

/** Colours of Mantine that fall short of 4.5:1 on its own grounds, replaced by ones that do not; and our surfaces. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#5c636a",
    "--mantine-color-error": "#b02525",
    "--mantine-color-green-light-color": "#1b5e2b",
    "--mantine-color-orange-light-color": "#94310a",
    "--mantine-color-orange-outline": "#b33d08",
    "--oa-surface": "#fafafa",
    "--oa-on-ink": "#ffffff",
  },
  dark: {
    "--mantine-color-text": "#e6e6e8",
    "--mantine-color-dimmed": "#a6a7ab",
    "--mantine-color-error": "#ff8f8f",
    "--mantine-color-body": "#161618",
    "--mantine-color-default": "#1f1f22",
    "--mantine-color-default-border": "#38383d",
    "--mantine-color-gray-light-color": "#d5d7da",
    "--mantine-color-ink-light": "#2a2a2e",
    "--mantine-color-ink-light-hover": "#333338",
    "--mantine-color-ink-light-color": "#ffffff",
    "--oa-surface": "#101012",
    "--oa-on-ink": "#18181b",
  },
});
