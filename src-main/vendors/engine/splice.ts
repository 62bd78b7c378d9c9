import {
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

/**
 * Edits of YAML text by cutting at the places where the parser found a node: everything beside the cut stays byte for byte, which
 * printing a document anew would not keep (alignment, folding, flow spacing). Each function answers the whole new text. What they
 * are given must have been parsed from exactly that text with `keepSourceTokens`.
 */

/** Writes `key: value` into a map: over the value that is there, else after its one-line keys. */
export function setKey(text: string, map: YAMLMap, key: string, value: unknown): string {
  const pair = findPair(map, key);
  if (pair) return replaceValue(text, pair, value);
  const entry = `${key}: ${inline(value)}`;
  const pairs = pairsOf(map);
  if (map.flow === true) {
    const last = pairs.at(-1);
    if (last) return insert(text, endOf(text, last), `, ${entry}`);
    return replace(text, rangeOf(map), `{ ${entry} }`);
  }
  const anchor = pairs.findLast((one) => !isTall(text, one));
  const first = pairs[0];
  if (!first) throw new Error('a block map has at least one key');
  const start = rangeOf(first.key)[0];
  const indent = ' '.repeat(start - lineStart(text, start));
  if (!anchor) return insert(text, start, `${entry}${lineBreak(text)}${indent}`);
  return insert(text, lineEnd(text, endOf(text, anchor)), `${lineBreak(text)}${indent}${entry}`);
}

/** Takes a key out of a map, with its lines where it has them to itself. */
export function removeKey(text: string, map: YAMLMap, key: string): string {
  const pairs = pairsOf(map);
  const index = pairs.findIndex((pair) => nameOf(pair.key) === key);
  const pair = pairs[index];
  if (!pair) return text;
  const start = rangeOf(pair.key)[0];
  if (pairs.length === 1) return replace(text, [start, endOf(text, pair)], map.flow === true ? '' : '{}');
  if (map.flow === true) return removeFlowItem(text, pairs, index);
  const next = pairs[index + 1];
  // The first key of a list item stands behind the dash: the next key moves there.
  if (text.slice(lineStart(text, start), start).trim() !== '' && next) {
    return replace(text, [start, rangeOf(next.key)[0]], '');
  }
  return removeLines(text, start, endOf(text, pair));
}

/** Appends an item in the manner of the last one: in its line, or as lines of its own. */
export function appendItem(text: string, list: YAMLSeq, value: unknown): string {
  const last = list.items.at(-1) as Node | undefined; // parsed documents hold nodes
  if (!last) return replace(text, rangeOf(list), `[${inline(value)}]`);
  const start = rangeOf(last)[0];
  if (list.flow === true) {
    const lead = text.slice(lineStart(text, start), start);
    const gap = lead.trim() === '' ? `${lineBreak(text)}${lead}` : ' ';
    return insert(text, endOf(text, last), `,${gap}${inline(value)}`);
  }
  const dash = ' '.repeat(text.lastIndexOf('-', start - 1) - lineStart(text, text.lastIndexOf('-', start - 1)));
  const isFlat = !isCollection(last) || last.flow === true;
  const item = isFlat ? `- ${inline(value)}` : block([value]).replaceAll(/\n(?=.)/g, `${lineBreak(text)}${dash}`);
  return insert(text, lineEnd(text, endOf(text, last)), `${lineBreak(text)}${dash}${item}`);
}

/** Takes the item at `index` out of a list; the last one leaves ` []` in its place. */
export function removeItem(text: string, list: YAMLSeq, index: number): string {
  const items = list.items as Node[]; // parsed documents hold nodes
  const item = items[index];
  if (!item) return text;
  if (list.flow === true) {
    if (items.length === 1) return replace(text, [rangeOf(item)[0], endOf(text, item)], '');
    return removeFlowItem(text, items, index);
  }
  const dash = text.lastIndexOf('-', rangeOf(item)[0] - 1);
  // Deeper than the dash, which may stand right under the list's key.
  if (items.length === 1) return replace(text, [dash, endOf(text, item)], ' []');
  return removeLines(text, dash, endOf(text, item));
}

/** Appends a top-level section at the end of the file. */
export function appendSection(text: string, key: string, value: unknown): string {
  const gap = text === '' || text.endsWith('\n') ? '' : lineBreak(text);
  return `${text}${gap}${block({ [key]: value }).replaceAll('\n', lineBreak(text))}${lineBreak(text)}`;
}

export function nameOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
}

export function pairsOf(map: YAMLMap): Pair<Node, Node | null>[] {
  return map.items as Pair<Node, Node | null>[]; // parsed documents hold nodes
}

export function findPair(map: YAMLMap, key: string): Pair<Node, Node | null> | undefined {
  return pairsOf(map).find((pair) => nameOf(pair.key) === key);
}

function replaceValue(text: string, pair: Pair<Node, Node | null>, value: unknown): string {
  const colon = text.indexOf(':', rangeOf(pair.key)[1]);
  const [start, end] = pair.value ? rangeOf(pair.value) : [colon + 1, colon + 1];
  const isBlock = isCollection(pair.value) && pair.value.flow !== true;
  if (start === end || isBlock)
    return replace(text, [colon + 1, isBlock ? endOf(text, pair) : end], ` ${inline(value)}`);
  return replace(text, [start, endOf(text, pair)], inline(value));
}

function removeFlowItem(text: string, items: readonly Part[], index: number): string {
  const [before, item, after] = [items[index - 1], items[index], items[index + 1]];
  if (!item) return text;
  if (after) return replace(text, [startOf(item), startOf(after)], '');
  return before ? replace(text, [endOf(text, before), endOf(text, item)], '') : text;
}

function startOf(part: Part): number {
  return rangeOf('key' in part ? part.key : part)[0];
}

function removeLines(text: string, start: number, end: number): string {
  const from = lineStart(text, start);
  const to = lineEnd(text, end);
  return to < text.length
    ? replace(text, [from, text.indexOf('\n', to) + 1], '')
    : text.slice(0, Math.max(from - 1, 0));
}

/** In one line, safe in block and in flow surroundings alike: it is quoted as inside a flow list, then taken out of it. */
function inline(value: unknown): string {
  return stringify([value], { collectionStyle: 'flow', lineWidth: 0 })
    .trim()
    .replace(/^\[\s*/, '')
    .replace(/\s*\]$/, '');
}

function block(value: unknown): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}

function isTall(text: string, pair: Pair<Node, Node | null>): boolean {
  return text.slice(rangeOf(pair.key)[0], endOf(text, pair)).includes('\n');
}

type Part = Node | Pair<Node, Node | null>;

/** Where a node's own text ends, without the comment and the line break behind it. */
function endOf(text: string, node: Part): number {
  if ('key' in node) {
    const { value } = node;
    const end = value ? endOf(text, value) : 0;
    return Math.max(end, rangeOf(node.key)[1]);
  }
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last = node.items.at(-1) as Part | undefined; // parsed documents hold nodes
    if (last) return endOf(text, last);
  }
  let end = rangeOf(node)[1];
  while (end > rangeOf(node)[0] && /[\r\n]/.test(text.charAt(end - 1))) end--;
  return end;
}

function rangeOf(node: Node): [number, number] {
  if (!node.range) throw new Error('a parsed node has a range');
  return [node.range[0], node.range[1]];
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Before the line break (CR and LF, or LF) of the line that holds `at`. */
function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  if (end < 0) return text.length;
  return text.charAt(end - 1) === '\r' && end > at ? end - 1 : end;
}

function lineBreak(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function insert(text: string, at: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at);
}

function replace(text: string, [start, end]: readonly [number, number], piece: string): string {
  return text.slice(0, start) + piece + text.slice(end);
}
