import { AppError } from '../../../contract/errors.ts';
import { bandwidthSchema, type VirtualServer } from '../../../contract/model.ts';
import { type BandwidthFilter, bandwidthFilters } from './bandwidth.ts';
import { isOlder } from './check-words.ts';
import { lineWords, setLineWord } from './edit-lines.ts';
import type { Editor } from './editor.ts';
import { modelOfDocument } from './model.ts';
import { quoteWord } from './quoting.ts';
import { nameFrontends } from './servers.ts';
import { settleDocument, wordAfter } from './settings.ts';

/** Filters `bwlim-out` came with it (manual 9.7). */
export const bandwidthVersion = '2.7.0';

/** Why a virtual server in TCP mode gets none. */
export const noLimitOfTcp = 'in TCP mode a bandwidth filter cuts the ends of answers off (haproxy issue 3457)';

type Bandwidth = NonNullable<VirtualServer['bandwidth']>;
type WritableKey = BandwidthFilter['key'];

/** Keys that `setBandwidth` writes. */
export const writableBandwidthKeys: readonly WritableKey[] = ['perConnectionBytesPerSecond', 'perClientBytesPerSecond'];

/**
 * Writes what a client's connection, and a client over all of them, gets at most: in the filter that says so already, else in a new one with
 * the rule that switches it on and, for clients, a stick table of the frontend that counts bytes. 0 and undefined take filter and
 * rule out. In HTTP mode alone: as raw TCP the filters cut the ends of answers off (haproxy issue 3457). Throws CAPABILITY_MISSING
 * for that, for an older HAProxy, for other keys and where a filter cannot be told from what else uses it.
 */
export function setBandwidth(editor: Editor, name: string, desired: unknown): void {
  const wanted = bandwidthSchema.optional().safeParse(desired);
  if (!wanted.success) throw new AppError('PLAN_INVALID', `The bandwidth wanted for "${name}" is none.`);
  if (isOlder(editor.version, bandwidthVersion)) {
    throw new AppError(
      'CAPABILITY_MISSING',
      `HAProxy ${editor.version ?? ''} has no bandwidth filters: 2.7 and later have.`,
    );
  }
  for (const key of writableBandwidthKeys) setLimit(editor, name, key, wanted.data?.[key] ?? 0);
  const after = bandwidthOf(editor, name);
  const keys = Object.keys({ ...after, ...wanted.data }) as (keyof Bandwidth)[]; // keys of the schema
  const left = keys.filter((key) => (after[key] ?? 0) !== (wanted.data?.[key] ?? 0));
  if (left.length === 0) return;
  throw new AppError(
    'CAPABILITY_MISSING',
    `The bandwidth of "${name}" cannot be written so: ${left.join(', ')}. What can be: ${writableBandwidthKeys.join(', ')}.`,
  );
}

function bandwidthOf(editor: Editor, name: string): Bandwidth {
  const model = modelOfDocument(editor.document, { effective: true });
  return model.virtualServers.find((one) => one.name === name)?.bandwidth ?? {};
}

function setLimit(editor: Editor, name: string, key: WritableKey, bytesPerSecond: number): void {
  if ((bandwidthOf(editor, name)[key] ?? 0) === bytesPerSecond) return;
  const { settings } = frontendOf(editor, name);
  const found = bandwidthFilters(editor.document, settings).filter((one) => one.key === key);
  for (const { filter, rules } of found) for (const line of [filter, ...rules]) editor.refuseBroken(line.statement);
  const [last] = found.slice(-1);
  if (bytesPerSecond === 0) editor.apply(found.flatMap(({ filter, rules }) => removals(editor, [filter, ...rules])));
  else if (last === undefined) addLimit(editor, name, key, bytesPerSecond);
  else rewrite(editor, last, bytesPerSecond);
}

function removals(editor: Editor, lines: readonly BandwidthFilter['filter'][]) {
  return lines.map(({ statement }) => editor.removeLine(statement));
}

/** The period stays; where it makes no whole number of bytes, it becomes a second (of a connection: that of a table is others' too). */
function rewrite(editor: Editor, { key, filter, periodMs }: BandwidthFilter, bytesPerSecond: number): void {
  const words = lineWords(filter.statement, 3, new Set());
  const bytes = (bytesPerSecond * periodMs) / 1000;
  if (key === 'perClientBytesPerSecond') {
    editor.apply(setLineWord(editor, filter.statement, words, 'limit', String(Math.round(bytes))));
  } else if (Number.isInteger(bytes)) {
    editor.apply(setLineWord(editor, filter.statement, words, 'default-limit', String(bytes)));
  } else {
    const limit = setLineWord(editor, filter.statement, words, 'default-limit', String(bytesPerSecond));
    editor.apply([...limit, ...setLineWord(editor, filter.statement, words, 'default-period', '1s')]);
  }
}

/** Below the section's last line of its kind, so that the order of what is there stays; the rule of a filter after all others. */
function addLimit(editor: Editor, name: string, key: WritableKey, bytesPerSecond: number): void {
  const { section, settings } = frontendOf(editor, name);
  if (settings.last('mode', true)?.args[0] !== 'http') {
    throw editor.refusal('CAPABILITY_MISSING', section.header, `"${name}" gets no bandwidth limit: ${noLimitOfTcp}.`);
  }
  const title = freeName(
    settings.own('filter').map(({ args }) => args[1] ?? ''),
    key,
  );
  const isPerClient = key === 'perClientBytesPerSecond';
  const counter = isPerClient ? counterOf(editor, name) : undefined;
  const limit = Math.round((bytesPerSecond * (counter?.periodMs ?? 1000)) / 1000);
  const filter = isPerClient ? `limit ${limit} key src` : `default-limit ${limit} default-period 1s`;
  const lines = [
    ...(counter?.line === undefined ? [] : [counter.line]),
    `filter bwlim-out ${title} ${filter}`,
    `http-response set-bandwidth-limit ${title}`,
  ];
  const at = section.statements.at(-1) ?? section.header;
  const indent = section.statements[0] === undefined ? '    ' : editor.indent(section.statements[0]);
  const lineBreak = editor.lineBreak(section.header) || '\n';
  editor.apply([editor.insertAfter(at, lines.map((line) => indent + line).join(lineBreak))]);
}

/** How the frontend's own stick table counts bytes, or the line of one that does. */
function counterOf(editor: Editor, name: string): { readonly periodMs: number; readonly line?: string } {
  const { settings, section } = frontendOf(editor, name);
  const [table] = settings.own('stick-table').slice(-1);
  if (table === undefined)
    return { periodMs: 1000, line: 'stick-table type ipv6 size 1m expire 10s store bytes_out_rate(1s)' };
  const period = /(?:^|,)bytes_out_rate\((\d+)(ms|s)?\)/.exec(wordAfter(table.args, 'store') ?? '');
  const type = wordAfter(table.args, 'type') ?? '';
  if (period === null || !['ip', 'ipv6'].includes(type)) {
    const why = `its stick-table counts no bytes of addresses: add bytes_out_rate(1s) to what it stores`;
    throw editor.refusal('CAPABILITY_MISSING', section.header, `"${name}" gets no limit for each client: ${why}.`);
  }
  return { periodMs: Number(period[1]) * (period[2] === 's' ? 1000 : 1) };
}

function freeName(taken: readonly string[], key: WritableKey): string {
  const plain = key === 'perClientBytesPerSecond' ? 'per-client' : 'per-connection';
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? plain : `${plain}-${number}`;
    if (!taken.includes(name)) return quoteWord(name);
  }
}

function frontendOf(editor: Editor, name: string) {
  const { sections } = editor.document;
  const section = [...nameFrontends(sections)].find(([, frontend]) => frontend === name)?.[0];
  const settings = section && settleDocument(editor.document)[sections.indexOf(section)];
  if (settings === undefined) throw new AppError('PLAN_INVALID', `There is no virtual server "${name}".`);
  return { section: settings.section, settings };
}
