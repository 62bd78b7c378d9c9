import type { Part } from './partitions.ts';
import { A10Text, beginsWith, findIn, isSaid, type Line, wordsOf } from './text.ts';

/** A line typed in configuration mode, in the modes that the lines before it opened: `slb server s1`, `port 80 tcp`, `weight 5`. */
export type Typed = readonly string[];

/** How many words make a line the same as another: the rest is its value. */
const lengths: readonly (readonly [RegExp, number])[] = [
  [/^slb template persist /, 5],
  [/^slb template /, 4],
  [/^(?:slb|health) /, 3],
  [/^(?:port|member) /, 3],
  [/^template persist /, 2],
  [/^(?:cipher|certificate) /, 2],
  [/^template /, 2],
];

/** Settings that stand instead of each other. */
export const states: ReadonlySet<string> = new Set(['enable', 'disable', 'disable-with-health-check']);

/** Settings that are there once: said again with another value they change. */
const single = new Set(
  'weight conn-limit priority method health-check min-active-member service-group source-nat timeout netmask expire name interval retry up-retry version cert key chain-cert'.split(
    ' ',
  ),
);

/** What makes a line the same as another one: its first words. */
export function keyOf(text: string): readonly string[] {
  const words = wordsOf(text);
  const length = lengths.find(([kind]) => kind.test(`${text} `))?.[1];
  return words.slice(0, length ?? (single.has(words[0] ?? '') ? 1 : words.length));
}

/**
 * The running-config as the device would hold it after these lines were typed: a line opens its block or sets what it says, `no` takes
 * it away (ACOS CLI reference, SLB commands). What the device would refuse is answered by its place and changes nothing.
 */
export function applyTyped(
  text: string,
  all: readonly Typed[],
): { readonly text: string; readonly refused: readonly number[] } {
  const config = new A10Text(text);
  const refused = all.flatMap((typed, at) => (typeInto(config, typed) ? [] : [at]));
  return { text: config.toString(), refused };
}

/** The same in each partition. */
export function applied(
  parts: readonly Part[],
  sent: readonly { readonly partition: string; readonly typed: Typed }[],
): readonly Part[] {
  return parts.map(({ partition, text }) => {
    const own = sent.filter((one) => one.partition === partition).map(({ typed }) => typed);
    return { partition, text: own.length === 0 ? text : applyTyped(text, own).text };
  });
}

/** The same for one line; false where the device would refuse it. */
export function typeInto(config: A10Text, typed: Typed): boolean {
  let lines = config.lines;
  const path = typed.slice(0, -1);
  for (const [depth, head] of path.entries()) {
    // To open a block makes it, where it is not there.
    if (findIn(lines, keyOf(head)) === undefined && !put(config, lines, head, depth === 0 ? '' : (path[0] ?? '')))
      return false;
    lines = findIn(lines, keyOf(head))?.children ?? [];
  }
  const last = typed.at(-1) ?? '';
  if (last.startsWith('no ')) return remove(config, lines, wordsOf(last).slice(1), path.length === 0);
  return put(config, lines, last, path[0] ?? '');
}

function remove(config: A10Text, lines: Line[], words: readonly string[], isTop: boolean): boolean {
  const at = lines.findIndex(({ text }) => beginsWith(text, words));
  if (at === -1 || (isTop && isUsed(config, words))) return false;
  lines.splice(at, 1);
  return true;
}

/** A server that is a member, a template or a group that something names. */
function isUsed(config: A10Text, words: readonly string[]): boolean {
  const [, kind = ''] = words;
  const name = words.at(kind === 'template' ? -1 : 2) ?? '';
  const used = { server: 'member', 'service-group': 'service-group', template: 'template', monitor: 'health-check' }[
    kind
  ];
  function names({ text, children }: Line): boolean {
    const found = wordsOf(text);
    return (found[0] === used && found.slice(1).includes(name)) || children.some(names);
  }
  return used !== undefined && config.lines.some(({ children }) => children.some(names));
}

function put(config: A10Text, lines: Line[], text: string, head: string): boolean {
  if (states.has(text)) {
    const rest = lines.filter((line) => !states.has(line.text));
    // Enabled is what is so without a word.
    lines.splice(0, lines.length, ...(text === 'enable' ? [] : [{ text, children: [] }]), ...rest);
    return true;
  }
  const isTop = head === '';
  const found = findIn(lines, keyOf(text));
  if (found !== undefined) {
    if (!isTop && found.text !== text && !/^(?:port|member) /.test(text))
      Object.assign(found, { text, raw: undefined });
    return true;
  }
  if (!isTop && text.startsWith('member ')) {
    const [, server = '', port = ''] = wordsOf(text);
    const there = findIn(findIn(config.lines, ['slb', 'server', server])?.children ?? [], ['port', port]);
    if (there === undefined) return false;
  }
  if (isTop) insertBlock(config, text);
  else lines.splice(lines.findLastIndex(isSaid) + 1, 0, { text, children: [] });
  return true;
}

/** Behind the last block of its kind, else behind all. */
function insertBlock({ lines }: A10Text, text: string): void {
  const kind = wordsOf(text).slice(0, 2);
  const last = lines.findLastIndex((one) => beginsWith(one.text, kind));
  const at = (last === -1 ? lines.findLastIndex(isSaid) : last) + 1;
  lines.splice(at, 0, { text, children: [{ text: '!', raw: '!', children: [] }] });
}

const opens = /^(?:slb (?:server|service-group|virtual-server|template)|health monitor|port|member) /;

/** The lines as one configuration session, in the partition that was entered before where one is given: what two have in common is opened once, and each block is left before the next. */
export function sessionText(all: readonly Typed[], enter?: string): string {
  const said = [...(enter === undefined ? [] : [enter]), 'configure'];
  const open: string[] = [];
  for (const typed of all) {
    let same = 0;
    while (same < open.length && open[same] === typed[same]) same += 1;
    while (open.length > same) {
      open.pop();
      said.push('exit');
    }
    for (const line of typed.slice(same)) {
      said.push(line);
      if (opens.test(line)) open.push(line);
    }
  }
  return [...said, 'end'].join('\n');
}
