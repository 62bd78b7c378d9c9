import { AppError } from '../../../contract/errors.ts';
import type { DeviceCertificate } from '../../../contract/certificates.ts';
import { absolutePath } from '../discover-site.ts';
import type { Host } from '../driver-host.ts';
import { type Look, socketOf } from '../driver-rights.ts';
import { parseNames, parseOcsp, parseShown, type ShownCertificate } from './show-cert.ts';
import { certificateBaseOf, parseCertificateList, type TlsBind, tlsBinds, usesCertificate } from './uses.ts';

/** What the running process has loaded, by its own words: the key files are not read. */
export async function listCertificates(
  host: Host,
  look: Look,
  signal: AbortSignal,
): Promise<readonly DeviceCertificate[]> {
  const socket = socketOf(look);
  const answer = await host.ask(socket, 'show ssl cert', { signal });
  refuseLevel(answer);
  const names = parseNames(answer);
  const binds = tlsBinds(look.files, look.surroundings);
  const listed = await readLists(host, look, binds, signal);
  const certificates: DeviceCertificate[] = [];
  const all = await showCertificates(host, socket, names, signal);
  for (const name of names) {
    const shown = all.get(name);
    const usedBy = new Set(
      binds.filter((bind) => usesCertificate(bind, name, listed)).map(({ virtualServer }) => virtualServer),
    );
    const ocsp =
      shown?.ocspKey === undefined
        ? undefined
        : parseOcsp(await host.ask(socket, `show ssl ocsp-response ${shown.ocspKey}`, { signal }));
    certificates.push({
      name,
      ...(ocsp === undefined ? {} : { ocsp }),
      ...(shown === undefined
        ? { problem: 'HAProxy holds no certificate under this name yet.' }
        : { facts: shown.facts }),
      chain: shown?.chain ?? [],
      usedBy: [...usedBy],
    });
  }
  return certificates;
}

export async function showCertificate(
  host: Host,
  socket: string,
  name: string,
  signal: AbortSignal,
): Promise<ShownCertificate | undefined> {
  return parseShown(await host.ask(socket, `show ssl cert ${name}`, { signal }));
}

/** HAProxy reads a line of commands into one buffer. */
const mostTogether = 40;

/** The same for many, several to a question; a name that is none on HAProxy's socket is left out. */
export async function showCertificates(
  host: Host,
  socket: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ShownCertificate>> {
  const found = new Map<string, ShownCertificate>();
  const plain = names.filter(isPlainName);
  for (let at = 0; at < plain.length; at += mostTogether) {
    const line = plain
      .slice(at, at + mostTogether)
      .map((name) => `show ssl cert ${name}`)
      .join(';');
    for (const part of (await host.ask(socket, line, { signal })).split(/^Filename: /m).slice(1)) {
      const shown = parseShown(part);
      if (shown !== undefined) found.set(part.slice(0, part.indexOf('\n')), shown);
    }
  }
  return found;
}

/** HAProxy's commands are words on a line: a blank or a semicolon would begin another. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9_./:@%+,-]+$/.test(name);
}

/** `Permission denied` comes of a socket of level `user`; before 2.2 the command is unknown and the help comes instead. */
function refuseLevel(answer: string): void {
  if (/^Permission denied/m.test(answer)) {
    throw new AppError(
      'CAPABILITY_MISSING',
      'The socket grants level user, which may not see certificates: write "level operator" at its stats socket line.',
    );
  }
  if (/^Unknown command/m.test(answer)) {
    throw new AppError('CAPABILITY_MISSING', 'This HAProxy does not tell of its certificates; 2.2 and later do.');
  }
}

/** What each list file names; a list that the account may not read is left out. */
export async function readLists(
  host: Host,
  look: Look,
  binds: readonly TlsBind[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const lists = new Map<string, readonly string[]>();
  const base = certificateBaseOf(look.files, look.surroundings);
  for (const list of new Set(binds.flatMap((bind) => bind.lists))) {
    const path = absolutePath(list, look.site.instance?.root.directory);
    try {
      lists.set(list, parseCertificateList((await host.readFile(path, { signal })).toString('latin1'), base));
    } catch (error) {
      if (!(error instanceof AppError) || !['PERMISSION_DENIED', 'NOT_FOUND'].includes(error.code)) throw error;
    }
  }
  return lists;
}
