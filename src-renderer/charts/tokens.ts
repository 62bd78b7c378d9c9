/** Reads a token as the theme has it now; canvases cannot take CSS variables. */
export function tokenValue(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
