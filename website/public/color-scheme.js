// Sets the colour scheme before the first paint. A file of its own, because the page's content security policy allows
// no inline script. Key and attribute are those of Mantine's localStorage colour scheme manager.
try {
  const chosen = localStorage.getItem("mantine-color-scheme-value");
  const fixed = chosen === "light" || chosen === "dark" ? chosen : null;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.setAttribute("data-mantine-color-scheme", fixed ?? system);
} catch {
  document.documentElement.setAttribute("data-mantine-color-scheme", "light");
}
