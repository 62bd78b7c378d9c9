import type { CarriedMonitor } from '../carried.ts';
import { findStatement, type Statement, wordsOf } from './tree.ts';

export interface Watched {
  readonly group: Statement;
  readonly server: Statement;
  readonly serverPort: Statement | undefined;
  readonly protocol: string;
}

/**
 * The group's monitor goes before the port's. Without any a TCP port is probed by a connection every 5 s, and a UDP port not here; so is
 * none of a kind that cannot be carried out.
 */
export function monitorsFor(config: readonly Statement[], watched: Watched): readonly CarriedMonitor[] {
  const { group, server, serverPort, protocol } = watched;
  const places = [group, ...(serverPort === undefined ? [] : [serverPort])];
  if ([...places, server].some(({ children }) => children.some(({ text }) => text === 'health-check-disable')))
    return [];
  const name = places
    .map(({ children }) => wordsOf(findStatement(children, 'health-check')?.text ?? '')[1])
    .find((one) => one !== undefined);
  if (name === undefined) return protocol === 'tcp' ? [{ type: 'tcp', ...timingOf([]) }] : [];
  const monitor = findStatement(config, `health monitor ${name}`);
  return monitor === undefined ? [] : monitorOf(monitor.children);
}

/** Every 5 s, 5 s for an answer, down after the first failure and three more, up after one success. */
function timingOf(
  children: readonly Statement[],
): Pick<CarriedMonitor, 'intervalMs' | 'timeoutMs' | 'rise' | 'fall' | 'port'> {
  const words = wordsOf(findStatement(children, 'interval')?.text ?? '');
  const intervalS = Number(words[1] ?? 5);
  const port = Number(wordOf(children, 'override-port') ?? 0);
  return {
    intervalMs: intervalS * 1000,
    timeoutMs: Math.min(intervalS, Number(after(words, 'timeout') ?? 5)) * 1000,
    rise: Number(wordOf(children, 'up-retry') ?? 1),
    fall: Number(wordOf(children, 'retry') ?? 3) + 1,
    ...(port > 0 && { port }),
  };
}

function wordOf(children: readonly Statement[], word: string): string | undefined {
  return wordsOf(findStatement(children, word)?.text ?? '')[1];
}

/** `method http [port N] [host NAME] url GET /up expect response-code 200,204`, `... expect TEXT`, `method tcp port 80 [halfopen]`. */
function monitorOf(children: readonly Statement[]): readonly CarriedMonitor[] {
  const [, type = '', ...words] = wordsOf(findStatement(children, 'method')?.text ?? '').map(unquoted);
  const port = Number(after(words, 'port') ?? 0);
  const timing = { ...timingOf(children), ...(port > 0 && { port }) };
  if (type === 'tcp') return [{ type: words.includes('halfopen') ? 'tcp-half-open' : 'tcp', ...timing }];
  if (type !== 'http' && type !== 'https') return [];
  const at = words.indexOf('url');
  const [verb = 'GET', path = '/'] = at < 0 ? [] : words.slice(at + 1);
  const host = after(words, 'host');
  return [{ type, ...timing, method: verb, path, ...(host !== undefined && { host }), ...expectedOf(words) }];
}

/** Without `expect` a 200 is asked for. */
function expectedOf(words: readonly string[]): Pick<CarriedMonitor, 'expectStatus' | 'expectBody'> {
  const codes = after(words, 'response-code');
  if (codes !== undefined) return { expectStatus: codes.split(',') };
  const text = after(words, 'expect');
  return text === undefined ? { expectStatus: ['200'] } : { expectStatus: ['100-599'], expectBody: text };
}

function after(words: readonly string[], word: string): string | undefined {
  const at = words.indexOf(word);
  return at < 0 ? undefined : words[at + 1];
}

function unquoted(word: string): string {
  return word.replace(/^"(.*)"$/, '$1');
}
