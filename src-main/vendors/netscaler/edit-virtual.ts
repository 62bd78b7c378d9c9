import { type Persistence, persistenceSchema } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { Options } from './commands.ts';
import { stateChange } from './edit-member.ts';
import { typeOfPersistence } from './persistence.ts';
import { gone, lacking, type Scene, type Sent, setOptions } from './sent.ts';
import { quoteWord } from './write.ts';

export function virtualChange(scene: Scene, change: Change): readonly Sent[] {
  const { objects } = scene;
  const [name = ''] = change.subject.path;
  if (change.action !== 'update') throw lacking(`${change.action} virtualServer`);
  const kind = objects.has('lb vserver', name) ? 'lb vserver' : 'cs vserver';
  if (!objects.has(kind, name)) throw gone(`virtual server "${name}"`);
  const target = { said: `${kind} ${quoteWord(name)}`, of: { kind, name } };
  const now = new Options(objects.of(kind, name).commands);
  if (change.key === 'adminState') {
    if (change.desired === 'draining') throw lacking('draining a whole virtual server');
    return [stateChange(target.of, target.said, change)];
  }
  if (change.key === 'persistence' && kind === 'lb vserver') {
    return setOptions(target, now, persistenceOptions(change.desired));
  }
  throw lacking(`${change.key ?? 'this'} of a virtual server`);
}

/** `-persistenceType` with its settings. */
export function persistenceOptions(desired: unknown): Readonly<Record<string, readonly string[]>> {
  if (desired === undefined) return { persistenceType: ['NONE'] };
  const wish = persistenceSchema.parse(desired);
  const type = typeOfPersistence(wish);
  if (type === undefined) throw lacking(`persistence by ${wish.method ?? 'nothing'}`);
  const settings = Object.entries({ persistenceType: type, ...settingsOf(wish) });
  return Object.fromEntries(settings.map(([name, value]) => [name, [value]]));
}

function settingsOf(wish: Persistence): Record<string, string> {
  const { timeoutMs, ipv4Prefix, ipv6Prefix, cookieName, expression } = wish;
  if (timeoutMs !== undefined && timeoutMs % 60_000 !== 0) {
    throw lacking('a time-out of persistence that is no whole number of minutes');
  }
  return {
    ...(timeoutMs === undefined ? {} : { timeout: String(timeoutMs / 60_000) }),
    ...(ipv4Prefix === undefined ? {} : { persistMask: maskOf(ipv4Prefix) }),
    ...(ipv6Prefix === undefined ? {} : { v6persistmasklen: String(ipv6Prefix) }),
    ...(cookieName === undefined ? {} : { cookieName }),
    ...(expression === undefined ? {} : { rule: expression }),
  };
}

function maskOf(prefix: number): string {
  const bits = '1'.repeat(prefix).padEnd(32, '0');
  return [0, 8, 16, 24].map((at) => parseInt(bits.slice(at, at + 8), 2)).join('.');
}
