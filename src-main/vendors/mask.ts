/**
 * The text with every secret in it replaced by `***`. Each pattern finds a secret; its first group, where it has one, is what stays
 * before it. Line ends are never taken, so that lines keep their numbers.
 */
export function maskWith(patterns: readonly RegExp[], text: string): string {
  return patterns.reduce(
    (masked, pattern) =>
      masked.replace(
        pattern,
        (whole, before?: unknown) => `${typeof before === 'string' ? before : ''}***${linesOf(whole)}`,
      ),
    text,
  );
}

function linesOf(text: string): string {
  return text.replace(/[^\n]/g, '');
}
