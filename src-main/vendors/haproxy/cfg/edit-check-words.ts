import type { Monitor } from '../../../contract/model.ts';
import { isAppended, removeWords, setFlag, setWord } from './edit-server.ts';
import type { Editor } from './editor.ts';
import { bytesOfSent, wordOfBytes } from './sent-text.ts';
import { readTimeMs } from './units.ts';

/** What is wanted of the words that differ: the others are nobody's wish. */
export function wordsBetween(was: Wanted, wanted: Wanted): Wanted {
  return new Map([...wanted].filter(([keyword, value]) => was.get(keyword) !== value));
}

/** What the words of a server line say; true for a flag, undefined where the word is not wanted. */
type Wanted = ReadonlyMap<string, string | true | undefined>;

/** The words of a server line for how it is checked; undefined = not at all. */
export function checkWords(monitor: Monitor | undefined): Wanted {
  const { intervalMs, fastIntervalMs, downIntervalMs, rise, fall, port, address, tls, alpn } = monitor ?? {};
  return new Map<string, string | true | undefined>([
    ['check', flag(monitor !== undefined)],
    ['inter', milliseconds(intervalMs)],
    ['fastinter', milliseconds(fastIntervalMs)],
    ['downinter', milliseconds(downIntervalMs)],
    ['rise', rise?.toString()],
    ['fall', fall?.toString()],
    ['port', port?.toString()],
    ['addr', address],
    ['check-ssl', flag(tls !== undefined)],
    ['check-sni', tls?.serverName],
    ['check-alpn', alpn?.join(',')],
    ['check-send-proxy', flag(monitor?.proxyProtocol === true)],
    ['check-via-socks4', flag(monitor?.viaSocks4 === true)],
  ]);
}

/** The words of a server line for the agent that is asked; undefined = none. */
export function agentWords(monitor: Monitor | undefined): Wanted {
  return new Map<string, string | true | undefined>([
    ['agent-check', flag(monitor !== undefined)],
    ['agent-inter', milliseconds(monitor?.intervalMs)],
    ['agent-port', monitor?.port?.toString()],
    ['agent-addr', monitor?.address],
    ['agent-send', monitor?.send === undefined ? undefined : bytesOfSent(monitor.send).toString()],
  ]);
}

function flag(isWanted: boolean): true | undefined {
  return isWanted ? true : undefined;
}

function milliseconds(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : `${timeMs}ms`;
}

/** Flags that a line can unsay. */
const negatable = new Set(['check', 'agent-check', 'check-ssl', 'check-send-proxy']);

/**
 * Writes the words of one server line: those that say so already, by themselves or by a default-server, stay as they are. A value
 * that is inherited and not wanted stays: the caller reads the line again.
 */
export function setCheckWords(editor: Editor, pool: string, member: string, wanted: Wanted): void {
  for (const [keyword, value] of wanted) {
    const line = editor.member(pool, member);
    const own = line.own.get(keyword);
    const inherited = line.inherited.get(keyword);
    const unsaid = `no-${keyword}`;
    if (value === undefined) {
      if (own !== undefined) editor.apply(removeWords(editor, line, keyword));
      const isLeft = inherited !== undefined && !line.own.has(unsaid) && negatable.has(keyword);
      if (isLeft) editor.apply(setFlag(editor, editor.member(pool, member), unsaid, keyword));
    } else if (value === true) {
      if (line.own.has(unsaid)) editor.apply(removeWords(editor, line, unsaid));
      else if (own !== undefined) continue;
      if (inherited === undefined) editor.apply(setFlag(editor, editor.member(pool, member), keyword, unsaid));
    } else if (isSame(own?.args[0]?.value, value)) {
      continue;
    } else if (isSame(inherited?.args[0]?.value, value) && (own === undefined || isAppended(editor, line, keyword))) {
      editor.apply(removeWords(editor, line, keyword));
    } else editor.apply(setWord(editor, line, keyword, value, sentSource(keyword, value)));
  }
}

/** What an agent is sent ends with a line break as a rule. */
function sentSource(keyword: string, value: string): string | undefined {
  return keyword === 'agent-send' ? wordOfBytes(Buffer.from(value)) : undefined;
}

/** Times may be written in several ways. */
function isSame(text: string | undefined, value: string): boolean {
  if (text === value) return true;
  const time = /^\d+ms$/.test(value) ? readTimeMs(text ?? '') : undefined;
  return time !== undefined && time === readTimeMs(value);
}
