import type { VirtualServer } from '../../../contract/model.ts';
import type { Reading } from './reading.ts';
import { type Setting, type Settings, wordAfter } from './settings.ts';
import { readSize, readTimeMs } from './units.ts';

type Bandwidth = NonNullable<VirtualServer['bandwidth']>;

/**
 * The limits that bandwidth filters (`filter bwlim-out`, since 2.7, manual 9.7) put on what a frontend's clients get, where a rule
 * without a condition switches them on: per stream, and per client's address by a table that counts bytes. Other filters, and rules
 * with conditions or limits of their own, stay among the unmodelled.
 */
export function readBandwidth(reading: Reading, settings: Settings): Bandwidth | undefined {
  let bandwidth: Bandwidth = {};
  for (const filter of settings.own('filter')) {
    const [kind, name] = filter.args;
    if (kind !== 'bwlim-out' || name === undefined) continue;
    const rule = rulesOf(settings).find(({ args }) => args.at(-1) === name && args.at(-2) !== 'limit');
    const limit = readPerStream(filter) ?? readPerClient(reading, settings, filter);
    if (rule === undefined || limit === undefined) {
      reading.whys.set(filter.statement, 'a bandwidth filter that the model has no place for as it is switched on');
      continue;
    }
    bandwidth = { ...bandwidth, ...limit };
    reading.used.add(filter.statement).add(rule.statement);
  }
  return Object.keys(bandwidth).length === 0 ? undefined : bandwidth;
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

function readPerStream({ args }: Setting): Bandwidth | undefined {
  const size = readSize(wordAfter(args, 'default-limit') ?? '');
  const periodMs = readTimeMs(wordAfter(args, 'default-period') ?? '');
  return perSecond('perConnectionBytesPerSecond', size, periodMs);
}

/** The limit holds for the period that the table counts over. */
function readPerClient(reading: Reading, settings: Settings, { args }: Setting): Bandwidth | undefined {
  if (wordAfter(args, 'key') !== 'src') return undefined;
  const table = wordAfter(args, 'table') ?? settings.section.name;
  const section = reading.document.sections.find(({ name, keyword }) => name === table && keyword !== 'defaults');
  const words = section?.statements
    .find(({ words: [first] }) => first.value === 'stick-table')
    ?.words.map(({ value }) => value);
  const period = /(?:^|,)bytes_out_rate\(([^)]*)\)/.exec(wordAfter(words ?? [], 'store') ?? '')?.[1];
  return perSecond('perClientBytesPerSecond', readSize(wordAfter(args, 'limit') ?? ''), readTimeMs(period ?? ''));
}

function perSecond(
  key: keyof Bandwidth,
  size: number | undefined,
  periodMs: number | undefined,
): Bandwidth | undefined {
  if (size === undefined || periodMs === undefined || periodMs === 0) return undefined;
  return { [key]: Math.round((size * 1000) / periodMs) };
}
