import type { VirtualServer } from '../../../contract/model.ts';
import type { CfgDocument } from './document.ts';
import type { Reading } from './reading.ts';
import { type Setting, type Settings, wordAfter } from './settings.ts';
import { readSize, readTimeMs } from './units.ts';

type Bandwidth = NonNullable<VirtualServer['bandwidth']>;

/** A bandwidth filter that every answer of a frontend goes through. */
export interface BandwidthFilter {
  readonly key: 'perConnectionBytesPerSecond' | 'perClientBytesPerSecond';
  readonly bytesPerSecond: number;
  /** What its limit is for. */
  readonly periodMs: number;
  readonly filter: Setting;
  /** What switches it on; never empty. */
  readonly rules: readonly Setting[];
}

/**
 * The limits that bandwidth filters (`filter bwlim-out`, since 2.7, manual 9.7) put on what a frontend's clients get, where a rule
 * without a condition switches them on: per stream, and per client's address by a table that counts bytes. Other filters, and rules
 * with conditions or limits of their own, stay among the unmodelled.
 */
export function readBandwidth(reading: Reading, settings: Settings): Bandwidth | undefined {
  let bandwidth: Bandwidth = {};
  const found = bandwidthFilters(reading.document, settings);
  for (const { key, bytesPerSecond, filter, rules } of found) {
    bandwidth = { ...bandwidth, [key]: bytesPerSecond };
    for (const { statement } of [filter, ...rules.slice(0, 1)]) reading.used.add(statement);
  }
  for (const filter of settings.own('filter')) {
    if (filter.args[0] !== 'bwlim-out' || found.some((one) => one.filter === filter)) continue;
    reading.whys.set(filter.statement, 'a bandwidth filter that the model has no place for as it is switched on');
  }
  return Object.keys(bandwidth).length === 0 ? undefined : bandwidth;
}

/** Those of a frontend that the model has a place for, in their order. */
export function bandwidthFilters(document: CfgDocument, settings: Settings): readonly BandwidthFilter[] {
  return settings.own('filter').flatMap((filter) => {
    const [kind, name] = filter.args;
    if (kind !== 'bwlim-out' || name === undefined) return [];
    const rules = rulesOf(settings).filter(({ args }) => args.at(-1) === name && args.at(-2) !== 'limit');
    const limit = readPerStream(filter) ?? readPerClient(document, settings, filter);
    return rules.length === 0 || limit === undefined ? [] : [{ ...limit, filter, rules }];
  });
}

/** Rules `set-bandwidth-limit NAME` with nothing more to them. */
function rulesOf(settings: Settings): readonly Setting[] {
  const http = ['http-request', 'http-response'].flatMap((stage) => settings.own(`${stage} set-bandwidth-limit`));
  const tcp = ['tcp-request', 'tcp-response'].flatMap((stage) => settings.own(stage));
  return [
    ...http.filter(({ args }) => args.length === 1),
    ...tcp.filter(({ args }) => args.length === 3 && args[0] === 'content' && args[1] === 'set-bandwidth-limit'),
  ];
}

type Limit = Pick<BandwidthFilter, 'key' | 'bytesPerSecond' | 'periodMs'>;

function readPerStream({ args }: Setting): Limit | undefined {
  const size = readSize(wordAfter(args, 'default-limit') ?? '');
  const periodMs = readTimeMs(wordAfter(args, 'default-period') ?? '');
  return perSecond('perConnectionBytesPerSecond', size, periodMs);
}

/** The limit holds for the period that the table counts over. */
function readPerClient(document: CfgDocument, settings: Settings, { args }: Setting): Limit | undefined {
  if (wordAfter(args, 'key') !== 'src') return undefined;
  const table = wordAfter(args, 'table') ?? settings.section.name;
  const section = document.sections.find(({ name, keyword }) => name === table && keyword !== 'defaults');
  const words = section?.statements
    .find(({ words: [first] }) => first.value === 'stick-table')
    ?.words.map(({ value }) => value);
  const period = /(?:^|,)bytes_out_rate\(([^)]*)\)/.exec(wordAfter(words ?? [], 'store') ?? '')?.[1];
  return perSecond('perClientBytesPerSecond', readSize(wordAfter(args, 'limit') ?? ''), readTimeMs(period ?? ''));
}

function perSecond(key: Limit['key'], size: number | undefined, periodMs: number | undefined): Limit | undefined {
  if (size === undefined || periodMs === undefined || periodMs === 0) return undefined;
  return { key, bytesPerSecond: Math.round((size * 1000) / periodMs), periodMs };
}
