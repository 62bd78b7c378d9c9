import type { SourceFile } from '../../vendor.ts';
import { readBindAddresses } from '../cfg/addresses.ts';
import { bindFlags } from '../cfg/binds.ts';
import type { Surroundings } from '../cfg/conditions.ts';
import { readDocument, type Section, type Statement } from '../cfg/document.ts';
import { lineWords } from '../cfg/edit-lines.ts';
import { nameFrontends } from '../cfg/servers.ts';

/** A `bind` line that speaks TLS over TCP, with the places that it takes certificates from. */
export interface TlsBind {
  readonly virtualServer: string;
  /** Where it can be reached on the host itself. */
  readonly host: string;
  readonly port: number;
  /** Files and directories of `crt`, as HAProxy names them: after crt-base. */
  readonly places: readonly string[];
  /** Files of `crt-list`, as written: crt-base is for what they name, not for them (tried with 2.6). */
  readonly lists: readonly string[];
  /** Clients have to say a PROXY header first, so no plain handshake works. */
  readonly wantsProxyHeader: boolean;
}

export function tlsBinds(files: readonly SourceFile[], surroundings: Surroundings): readonly TlsBind[] {
  const document = readDocument(files, surroundings);
  const names = nameFrontends(document.sections);
  const base = certificateBase(document.sections);
  return [...names].flatMap(([section, virtualServer]) =>
    section.statements
      .filter(({ words }) => words[0].value === 'bind')
      .flatMap((statement) => {
        const words = lineWords(statement, 2, bindFlags);
        if (!words.some(({ keyword }) => keyword === 'ssl')) return [];
        function values(keyword: string): string[] {
          return words.flatMap((word) =>
            word.keyword === keyword && word.argument !== undefined ? [word.argument.value] : [],
          );
        }
        const places = values('crt').map((place) => withBase(base, place));
        const wantsProxyHeader = words.some(({ keyword }) => keyword === 'accept-proxy');
        return readBindAddresses(statement.words[1]?.value ?? '').flatMap((listen) => {
          const address = reachable(listen);
          if (address === undefined) return [];
          return [{ virtualServer, ...address, places, lists: values('crt-list'), wantsProxyHeader }];
        });
      }),
  );
}

/** Whether `ssl-load-extra-del-ext` is set (manual 3.1): `site.crt` has its key in `site.key`. */
export function cutsEndings(files: readonly SourceFile[], surroundings: Surroundings): boolean {
  return globalStatements(readDocument(files, surroundings).sections).some(
    ({ words }) => words[0].value === 'ssl-load-extra-del-ext',
  );
}

/** False where `ssl-load-extra-files` (manual 3.1) is set and names neither `ocsp` nor all. */
export function loadsAnswers(files: readonly SourceFile[], surroundings: Surroundings): boolean {
  const set = globalStatements(readDocument(files, surroundings).sections).findLast(
    ({ words }) => words[0].value === 'ssl-load-extra-files',
  );
  return set === undefined || set.words.slice(1).some(({ value }) => value === 'ocsp' || value === 'all');
}

/** `crt-base` of the files: where what a crt-list names relatively is looked for. */
export function certificateBaseOf(files: readonly SourceFile[], surroundings: Surroundings): string | undefined {
  return certificateBase(readDocument(files, surroundings).sections);
}

/** `crt-base` of the global section (manual 3.1). */
function certificateBase(sections: readonly Section[]): string | undefined {
  return globalStatements(sections).findLast(({ words }) => words[0].value === 'crt-base')?.words[1]?.value;
}

function globalStatements(sections: readonly Section[]): readonly Statement[] {
  return sections.filter(({ keyword }) => keyword === 'global').flatMap(({ statements }) => statements);
}

function withBase(base: string | undefined, path: string): string {
  return base === undefined || path.startsWith('/') ? path : `${base}/${path}`;
}

function reachable(listen: string): { readonly host: string; readonly port: number } | undefined {
  const [, v6, v4 = '', port = ''] = /^(?:\[(.*)\]|([^:[\]]*)):(\d+)$/.exec(listen) ?? [];
  if (port === '') return undefined;
  const host = v6 ?? v4;
  if (host === '*' || host === '0.0.0.0') return { host: '127.0.0.1', port: Number(port) };
  return { host: host === '::' ? '::1' : host, port: Number(port) };
}

/** Whether a bind takes this certificate by its file, its directory, or a list (`listed`: what each list names). */
export function usesCertificate(bind: TlsBind, name: string, listed: ReadonlyMap<string, readonly string[]>): boolean {
  const directory = name.slice(0, Math.max(0, name.lastIndexOf('/')));
  const isPlaced = bind.places.some(
    (place) => place === name || withoutBundle(name) === place || trimmed(place) === directory,
  );
  return isPlaced || bind.lists.some((list) => listed.get(list)?.includes(name) === true);
}

/** `site.pem.rsa` and its like are one bundle by the name `site.pem` (manual, `ssl-load-extra-files`). */
function withoutBundle(name: string): string {
  return name.replace(/\.(?:rsa|dsa|ecdsa)$/, '');
}

/** A directory without the slashes at its end, as HAProxy's socket names it. */
export function trimmed(path: string): string {
  return path.replace(/\/+$/, '');
}

/** The certificates that a crt-list file names, one a line: `file [options] filters` (manual 5.1, crt-list). */
export function parseCertificateList(text: string, base?: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [file = ''] = line.trim().split(/\s+/);
    return file === '' || file.startsWith('#') ? [] : [withBase(base, file)];
  });
}
