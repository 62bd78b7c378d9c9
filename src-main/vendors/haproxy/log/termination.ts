import type { LogEntry } from '../../../contract/log.ts';

/** Who ended the session, by the first character of `%ts` (configuration.txt 8.5). */
const causes: Readonly<Record<string, string>> = {
  C: 'The client broke it off',
  S: 'The server broke it off or refused it',
  P: 'HAProxy ended it: a limit, a deny rule, or a check of the answer',
  L: 'HAProxy answered itself, no server was asked',
  R: 'HAProxy ran out of a resource (memory, sockets, source ports)',
  I: 'An internal error of HAProxy',
  D: 'HAProxy cut it as its server went down',
  U: 'HAProxy cut it on a backup server as an active one came up',
  K: 'An administrator cut it',
  c: 'The client was silent for longer than its time-out',
  s: 'The server was silent for longer than its time-out',
};

/** How far it had come, by the second. */
const phases: Readonly<Record<string, string>> = {
  R: 'before the request was whole',
  Q: 'while it waited in the queue',
  C: 'while connecting to the server',
  H: 'while waiting for the answer’s headers',
  D: 'while data was passed on',
  L: 'while the last data went to the client',
  T: 'while it was held in the tarpit',
};

/** What the client's cookie of persistence was worth, by the third. */
const cookies: Readonly<Record<string, string>> = {
  N: 'The client brought no cookie.',
  I: 'The client’s cookie names no server that is known.',
  D: 'The client’s cookie names a server that was down.',
  V: 'The client’s cookie was valid and followed.',
  E: 'The client’s cookie had not been used for too long.',
  O: 'The client’s cookie was too old.',
  U: 'The client’s cookie was not used: another rule chose the server.',
};

/** What became of the server's, by the fourth. */
const setCookies: Readonly<Record<string, string>> = {
  N: 'No cookie was set.',
  I: 'HAProxy set a cookie.',
  U: 'HAProxy renewed the cookie’s date.',
  P: 'The server set a cookie, which was passed on.',
  R: 'HAProxy rewrote the server’s cookie.',
  D: 'HAProxy took the server’s cookie out.',
};

/** The two or four characters in words; undefined for what is no termination state. */
export function decodeTermination(code: string): LogEntry['state'] {
  if (!/^[CSPLRIDUKcs-][RQCHDLT-](?:[NIDVEOU-][NIUPRD-])?$/.test(code)) return undefined;
  const [cause = '-', phase = '-', cookie = '-', setCookie = '-'] = code;
  const [who, when] = [causes[cause], phases[phase]];
  const first =
    who === undefined ? (when === undefined ? undefined : `It ended ${when}.`) : [who, when].join(' ').trim();
  const words = [
    first === undefined || first.endsWith('.') ? first : `${first}.`,
    cookies[cookie],
    setCookies[setCookie],
  ];
  // What HAProxy answers itself (redirects, its statistics) is no failure.
  const isNormal = (cause === '-' && phase === '-') || cause === 'L';
  return { code, isNormal, words: words.filter((one) => one !== undefined) };
}
