import type { Offered } from '../../contract/api.ts';
import type { Persistence } from '../../contract/model.ts';
import { headOf, lacking, type Scene, type Sent, setting, word } from './sent.ts';
import { findIn, type Line, wordsOf } from './text.ts';

const kinds: Readonly<Partial<Record<NonNullable<Persistence['method']>, string>>> = {
  'source-ip': 'source-ip',
  'dest-ip': 'destination-ip',
  'cookie-insert': 'cookie',
  'tls-session-id': 'ssl-sid',
};

export function offeredPersistence(): readonly Offered[] {
  return Object.entries(kinds).map(([name, kind]) => ({
    name,
    native: `template persist ${kind}`,
    settings:
      kind === 'cookie'
        ? ['cookieName', 'timeoutMs']
        : kind.endsWith('-ip')
          ? ['timeoutMs', 'ipv4Prefix']
          : ['timeoutMs'],
    multipleOf: { timeoutMs: unitOf(kind) },
  }));
}

/**
 * Persistence is a template that the virtual port names. The port's own is changed where it is of that kind; else one is made for the
 * port. Other ports with the same template change with it.
 */
export function persistenceLines(
  scene: Scene,
  block: Line,
  port: Line,
  wish: Persistence | undefined,
): readonly Sent[] {
  const now = port.children.find(({ text }) => text.startsWith('template persist '));
  const of = headOf(block);
  const modes = [block.text, port.text];
  if (wish === undefined) {
    return now === undefined ? [] : [{ typed: [...modes, `no ${now.text}`], inverse: [[...modes, now.text]], of }];
  }
  const kind = wish.method === undefined ? undefined : kinds[wish.method];
  if (kind === undefined) throw lacking(`persistence by ${wish.method ?? 'nothing'}`);
  const [, , nowKind, nowName = ''] = now === undefined ? [] : wordsOf(now.text);
  const name =
    nowKind === kind
      ? nowName
      : (wish.name ?? `${wordsOf(block.text)[2] ?? ''}_${wordsOf(port.text)[1] ?? ''}_persist`);
  const head = `slb template persist ${kind} ${word(name)}`;
  const there = findIn(scene.text.lines, wordsOf(head));
  const sent: Sent[] = there === undefined ? [{ typed: [head], inverse: [[`no ${head}`]], of: head }] : [];
  for (const [key, value] of settingsOf(wish, kind))
    sent.push(...setting(there ?? { text: head, children: [] }, [], key, value));
  if (nowKind === kind) return sent;
  const attach = `template persist ${kind} ${word(name)}`;
  // One port has one: the other goes first, and comes back last.
  if (now !== undefined) sent.push({ typed: [...modes, `no ${now.text}`], inverse: [[...modes, now.text]], of });
  return [...sent, { typed: [...modes, attach], inverse: [[...modes, `no ${attach}`]], of }];
}

function settingsOf({ timeoutMs, cookieName, ipv4Prefix }: Persistence, kind: string): (readonly [string, string])[] {
  if (cookieName !== undefined && kind !== 'cookie') throw lacking('a cookie name of persistence that has no cookie');
  if (ipv4Prefix !== undefined && !kind.endsWith('-ip'))
    throw lacking('a network of persistence that is not by address');
  const unit = unitOf(kind);
  if (timeoutMs !== undefined && timeoutMs % unit !== 0)
    throw lacking(`a time-out of persistence that is no whole number of ${kind === 'cookie' ? 'seconds' : 'minutes'}`);
  return [
    ...(cookieName === undefined ? [] : [['name', word(cookieName)] as const]),
    ...(timeoutMs === undefined ? [] : [[kind === 'cookie' ? 'expire' : 'timeout', String(timeoutMs / unit)] as const]),
    ...(ipv4Prefix === undefined ? [] : [['netmask', `/${String(ipv4Prefix)}`] as const]),
  ];
}

/** Cookies expire after seconds, entries of a table after minutes. */
function unitOf(kind: string): number {
  return kind === 'cookie' ? 1000 : 60_000;
}
