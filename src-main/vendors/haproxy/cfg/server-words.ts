import type { Statement } from './document.ts';
import type { Word } from './words.ts';

/** A keyword of a `server` or `default-server` line with its arguments (manual 5.2). */
export interface ServerWord {
  readonly keyword: string;
  readonly word: Word;
  readonly args: readonly Word[];
}

/** How many arguments follow each keyword of a server line, HAProxy 1.8 to 3.5 (srv_kw_list in its sources). */
const flags =
  'agent-check allow-0rtt backup check check-reuse-pool check-send-proxy check-sni-auto check-ssl check-via-socks4 ' +
  'disabled enabled force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13 no-agent-check no-backup no-check ' +
  'no-check-reuse-pool no-check-send-proxy no-check-sni-auto no-check-ssl no-renegotiate no-send-proxy ' +
  'no-send-proxy-v2 no-send-proxy-v2-ssl no-send-proxy-v2-ssl-cn no-sni-auto no-ssl no-ssl-reuse no-sslv3 no-tfo ' +
  'no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 no-verifyhost non-stick renegotiate send-proxy send-proxy-v2 ' +
  'send-proxy-v2-ssl send-proxy-v2-ssl-cn sni-auto ssl ssl-reuse stick strict-maxconn tfo tls-tickets';
const takers =
  'addr agent-addr agent-inter agent-port agent-send alpn ca-file cc check-alpn check-pool-conn-name check-proto ' +
  'check-sni ciphers ciphersuites client-sigalgs cookie crl-file crt curves downinter error-limit fall fastinter from ' +
  'guid hash-key healthcheck id idle-ping init-addr init-state inter interface ktls log-bufsize log-proto max-reuse ' +
  'maxconn maxqueue minconn namespace npn observe on-error on-marked-down on-marked-up pool-conn-name pool-low-conn ' +
  'pool-max-conn pool-purge-delay port proto proxy-v2-options quic-cc-algo redir resolve-net resolve-opts ' +
  'resolve-prefer resolvers rise set-proxy-v2-tlv-fmt shard sigalgs slowstart sni socks4 source ssl-max-ver ' +
  'ssl-min-ver tcp-md5sig tcp-ut track usesrc verify verifyhost weight ws';

const arity: ReadonlyMap<string, number> = new Map([
  ...flags.split(' ').map((keyword) => [keyword, 0] as const),
  ...takers.split(' ').map((keyword) => [keyword, 1] as const),
]);

/** Words before the first keyword: `server NAME ADDRESS`, `server-template PREFIX RANGE ADDRESS`, `default-server`. */
const headLength: Readonly<Record<string, number>> = { server: 3, 'server-template': 4, 'default-server': 1 };

/**
 * The keywords of a server line. One that is not known takes the words up to the next known one. An empty word ends the line,
 * as it does for HAProxy.
 */
export function readServerWords(statement: Statement): readonly ServerWord[] {
  const found: ServerWord[] = [];
  const words: readonly Word[] = statement.words;
  let at = headLength[statement.words[0].value] ?? 1;
  for (let word = words[at]; word !== undefined && word.value !== ''; word = words[at]) {
    const end = endOfArguments(words, at + 1, arity.get(word.value));
    found.push({ keyword: word.value, word, args: words.slice(at + 1, end) });
    at = end;
  }
  return found;
}

function endOfArguments(words: readonly Word[], from: number, known: number | undefined): number {
  if (known !== undefined) return Math.min(from + known, words.length);
  let at = from;
  while (at < words.length && !arity.has(words[at]?.value ?? '')) at += 1;
  return at;
}

/** Keywords of which the later one undoes the earlier one, beside `x` and `no-x`. */
const opposites: Readonly<Record<string, string>> = {
  enabled: 'disabled',
  disabled: 'enabled',
  stick: 'non-stick',
  'non-stick': 'stick',
};

/** Far more than HAProxy has; a text that names more is hostile, and its further keywords do not count. */
const mostKeywords = 256;

/** `base` with `words` on top: of each keyword the last one counts. Neither is changed. */
export function mergeServerWords(
  base: ReadonlyMap<string, ServerWord>,
  words: readonly ServerWord[],
): ReadonlyMap<string, ServerWord> {
  if (words.length === 0) return base;
  const merged = new Map(base);
  for (const word of words) {
    const opposite = opposites[word.keyword] ?? opposed(word.keyword);
    merged.delete(opposite);
    merged.delete(word.keyword);
    if (merged.size < mostKeywords) merged.set(word.keyword, word);
  }
  return merged;
}

function opposed(keyword: string): string {
  return keyword.startsWith('no-') ? keyword.slice(3) : `no-${keyword}`;
}

/** True for a keyword that a server line may hold. */
export function isServerKeyword(keyword: string): boolean {
  return arity.has(keyword);
}
