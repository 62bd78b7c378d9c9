import type { ShellAnswer } from '../login.ts';
import { type Pki, type PkiKind, put, shelfOf } from './pki.ts';
import { Refused } from './refusal.ts';

/** A file on another machine, as the device is told of it. */
export interface RemoteFile {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly path: string;
}
/** Gets a file by scp or sftp. Rejects where it cannot be had. */
export type Fetch = (file: RemoteFile) => Promise<string>;

const kinds: Readonly<Record<string, PkiKind>> = {
  cert: 'cert',
  certificate: 'cert',
  'ca-cert': 'ca-cert',
  ca: 'ca-cert',
  key: 'key',
  'private-key': 'key',
};

/**
 * `import cert NAME [certificate-type pem] [overwrite] [use-mgmt-port] scp://[user@]host[:port]/path`. What the address lacks is asked
 * for, and the password always; questions and words are from memory of the device.
 */
export function importFile(words: readonly string[], pki: Pki, fetch: Fetch): ShellAnswer {
  const isLoad = words[0] === 'slb';
  const [kind = '', name = '', ...rest] = words.slice(isLoad ? 2 : 1);
  const own = kinds[kind];
  const url = rest.at(-1) ?? '';
  const type = rest[rest.indexOf('certificate-type') + 1];
  if (own === undefined || !/^(?:scp|sftp):/.test(url)) throw new Refused('% Incomplete command.');
  if (rest.includes('certificate-type') && type !== 'pem') throw new Refused('Only PEM files are simulated.');
  const shelf = shelfOf(pki, own);
  const isOverwriting = rest.includes('overwrite') || isLoad;
  if (shelf.has(name) && !isOverwriting) throw new Refused(`File ${name} already exists. Use overwrite to replace it.`);
  return ask(partsOf(url), async (file) => {
    const text = await fetch(file).catch(() => undefined);
    if (text === undefined) return { text: '\nCommunication with the remote host failed\n' };
    try {
      put(pki, own, name, text, isOverwriting);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { text: `\n${error.message}\n` };
    }
    return { text: '\nImporting ... Done.\n' };
  });
}

type Part = 'host' | 'user' | 'password' | 'path';
type Parts = Partial<Record<Part, string>> & { readonly port?: number };

/** `scp://user@host:/path` of a public script, with or without a port; `scp:` alone asks for all. */
function partsOf(url: string): Parts {
  const [, user, host, port, path] = /^\w+:\/\/(?:([^@/]+)@)?([^:/]+)(?::(\d*))?(\/.*)?$/.exec(url) ?? [];
  return {
    ...(host !== undefined && { host }),
    ...(user !== undefined && { user }),
    ...(path !== undefined && path !== '/' && { path }),
    port: port === undefined || port === '' ? 22 : Number(port),
  };
}

const questions: readonly (readonly [part: Part, text: string])[] = [
  ['host', 'Address or name of remote host []?'],
  ['user', 'User name []?'],
  ['password', 'Password []?'],
  ['path', 'File name [/]?'],
];

function ask(parts: Parts, then: (file: RemoteFile) => Promise<ShellAnswer>): ShellAnswer {
  const next = questions.find(([part]) => parts[part] === undefined);
  if (next === undefined) return { text: '' };
  const [part, text] = next;
  return {
    text: '',
    question: {
      text,
      isHidden: part === 'password',
      answer: (given) => {
        const known = { ...parts, [part]: part === 'password' ? given : given.trim() };
        const { host, user, password, path, port = 22 } = known;
        if (host === undefined || user === undefined || password === undefined || path === undefined)
          return ask(known, then);
        return then({ host, user, password, path, port });
      },
    },
  };
}
