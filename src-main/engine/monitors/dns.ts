import { randomInt } from 'node:crypto';
import type { MonitorSettings } from '../config/settings.ts';
import { exchangeDatagrams } from './datagram.ts';
import { converse } from './dialogue.ts';
import { readAnswer, readQuestion, writeQuery, type DnsAnswer } from './dns-message.ts';
import { excerpt, isExpected } from './expectation.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/**
 * Asks for `query` (`example.com`, `example.com AAAA`) over UDP, and over TCP where the answer was cut. It passes with at least one
 * record, one of which has `expect` (text or `/regex/`) where that is given. Without `query` the server is asked for the root, and any
 * answer passes but a failure of the server's own: who is not in charge of it may say so.
 */
export const dnsMonitor: MonitorKind = { type: 'dns', settings: ['query', 'expect'], probe };

const codeNames: Readonly<Record<number, string>> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
};

async function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const startedAt = performance.now();
  const question = readQuestion(settings.query ?? '. NS');
  if (question === undefined) return { isPassing: false, result: `"${settings.query ?? ''}" is no question` };
  const query = writeQuery(randomInt(65_536), question);
  const answer = await askByUdp(query, target, settings.timeoutMs, signal);
  if (typeof answer === 'string') return { isPassing: false, result: answer };
  if (!answer.isTruncated || settings.query === undefined) return judge(settings, answer);
  const leftMs = Math.max(1, settings.timeoutMs - (performance.now() - startedAt));
  return askByTcp(settings, query, target, leftMs, signal);
}

/** The answer, or why there is none. Datagrams that do not answer the question are passed over: anybody may send them. */
function askByUdp(
  query: Buffer,
  target: ProbeTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<DnsAnswer | string> {
  let strange = '';
  return exchangeDatagrams<DnsAnswer | string>(
    {
      message: query,
      hear: (bytes) => {
        const answer = readAnswer(bytes, query);
        if (answer === undefined) strange = `, only ${excerpt(bytes)}`;
        return answer;
      },
      onSilence: () => `no answer within ${timeoutMs} ms${strange}`,
      onFailure: (reason) => reason,
    },
    target,
    timeoutMs,
    signal,
  );
}

function askByTcp(
  settings: MonitorSettings,
  query: Buffer,
  target: ProbeTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Verdict> {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(query.length);
  return converse(
    {
      awaited: 'answer over TCP',
      opening: Buffer.concat([length, query]),
      hear: (received) => {
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return undefined;
        const answer = readAnswer(received.subarray(2, 2 + received.readUInt16BE(0)), query);
        if (answer !== undefined) return judge(settings, answer);
        return { isPassing: false, result: `expected an answer over TCP, got ${excerpt(received)}` };
      },
    },
    target,
    timeoutMs,
    signal,
  );
}

function judge({ query, expect }: MonitorSettings, { code, records }: DnsAnswer): Verdict {
  const word = codeNames[code] ?? `code ${code}`;
  if (query === undefined) return { isPassing: code !== 2, result: word };
  const found = expect === '' ? records[0] : records.find((record) => isExpected(record, expect));
  if (code === 0 && found !== undefined) return { isPassing: true, result: `${word} ${found.slice(0, 100)}` };
  const lack = records.length === 0 ? 'no record' : `${expect} is not among the ${records.length} records`;
  return { isPassing: false, result: code === 0 ? `${word}, but ${lack}` : word };
}
