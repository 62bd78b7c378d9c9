const contextLines = 3;
/** Above this many cells the table of common lines is not worth its memory: the middle is shown as replaced. */
const mostCells = 4_000_000;

export interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** What differs between two texts as unified hunks (`@@ -from,count +from,count @@`), for the eye; none where nothing does. */
export function unifiedHunks(file: string, before: string, after: string): { file: string; text: string }[] {
  if (before === after) return [];
  const lines = compareLines(before.split('\n'), after.split('\n'));
  return changedSpans(lines).map(([from, to]) => {
    const lead = lines.slice(0, from);
    const part = lines.slice(from, to);
    const head = `@@ -${1 + countOld(lead)},${countOld(part)} +${1 + countNew(lead)},${countNew(part)} @@`;
    return { file, text: [head, ...part.map(({ mark, text }) => mark + text)].join('\n') };
  });
}

function countOld(lines: readonly Line[]): number {
  return lines.filter((line) => line.mark !== '+').length;
}

function countNew(lines: readonly Line[]): number {
  return lines.filter((line) => line.mark !== '-').length;
}

/** Spans of changed lines with their context; spans that touch are one. */
function changedSpans(lines: readonly Line[]): [number, number][] {
  const spans: [number, number][] = [];
  for (const [index, line] of lines.entries()) {
    if (line.mark === ' ') continue;
    const [from, to] = [Math.max(index - contextLines, 0), Math.min(index + contextLines + 1, lines.length)];
    const last = spans.at(-1);
    if (last && from <= last[1]) last[1] = to;
    else spans.push([from, to]);
  }
  return spans;
}

/** Both texts in one list: common lines once, what was taken away before what came in its place. */
export function compareLines(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return [
    ...marked(' ', before.slice(0, start)),
    ...compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...marked(' ', before.slice(before.length - end)),
  ];
}

/** Longest common subsequence by the plain table. */
function compareMiddle(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  if ((before.length + 1) * width > mostCells) return [...marked('-', before), ...marked('+', after)];
  const common = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const [right = 0, down = 0, both = 0] = [
        common[i * width + j + 1],
        common[(i + 1) * width + j],
        common[(i + 1) * width + j + 1],
      ];
      common[i * width + j] = before[i] === after[j] ? both + 1 : Math.max(right, down);
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [old, now] = [before[i], after[j]];
    if (old !== undefined && old === now) {
      lines.push({ mark: ' ', text: old });
      i++;
      j++;
    } else if (
      old !== undefined &&
      (now === undefined || (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0))
    ) {
      lines.push({ mark: '-', text: old });
      i++;
    } else if (now !== undefined) {
      lines.push({ mark: '+', text: now });
      j++;
    }
  }
  return lines;
}

function marked(mark: Line['mark'], texts: readonly string[]): Line[] {
  return texts.map((text) => ({ mark, text }));
}
