import { createHash, createHmac } from 'node:crypto';

/** One usable line of a known_hosts file; format: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
export interface KnownHostLine {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** Comma separated patterns, or one hashed name `|1|salt|hash`. */
  readonly names: string;
  readonly algorithm: string;
  readonly key: Buffer;
}

export interface HostName {
  readonly host: string;
  readonly port: number;
}

export type HostKeyVerdict =
  | { readonly kind: 'known'; readonly line: KnownHostLine }
  | { readonly kind: 'revoked'; readonly line: KnownHostLine }
  /** Other keys are known for this host: `lines` is never empty. */
  | { readonly kind: 'changed'; readonly lines: readonly KnownHostLine[] }
  /** `authorities`: @cert-authority lines that name the host; certificates are not supported, so they decide nothing. */
  | { readonly kind: 'unknown'; readonly authorities: readonly KnownHostLine[] };

/**
 * Host key algorithms that can be negotiated, by the key type that a known_hosts line names, best first. `ssh-rsa`, which signs with SHA-1,
 * is legacy.
 */
const algorithmsOfType: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** Reads the lines that can be used; comments, SSH-1 keys, unknown markers and damaged lines are passed over, as OpenSSH does. */
export function parseKnownHosts(file: string, text: string): readonly KnownHostLine[] {
  return text.split('\n').flatMap((line, index) => parseLine(file, index + 1, line) ?? []);
}

/**
 * What the lines say about a key that a server shows. A host known by keys of other types alone counts as changed, where OpenSSH
 * would ask again: types known for the host are asked for first, so a server that shows another type no longer has the known one.
 */
export function judgeHostKey(lines: readonly KnownHostLine[], name: HostName, key: Buffer): HostKeyVerdict {
  const named = linesFor(lines, name);
  const revoked = named.find((line) => line.marker === 'revoked' && line.key.equals(key));
  if (revoked !== undefined) return { kind: 'revoked', line: revoked };
  const plain = named.filter((line) => line.marker === undefined);
  const known =
    plain.find((line) => line.key.equals(key)) ??
    plainLinesWithoutPort(lines, name).find((line) => line.key.equals(key));
  if (known !== undefined) return { kind: 'known', line: known };
  const others = plain.filter((line) => line.algorithm in algorithmsOfType);
  if (others.length > 0) return { kind: 'changed', lines: sameTypeFirst(others, keyType(key)) };
  return { kind: 'unknown', authorities: named.filter((line) => line.marker === 'cert-authority') };
}

/** All host key algorithms, those of keys known for the host first, so that a host with several keys shows one that is known. */
export function preferHostKeyAlgorithms(lines: readonly KnownHostLine[], name: HostName): readonly string[] {
  const plain = [...linesFor(lines, name), ...plainLinesWithoutPort(lines, name)].filter(
    (line) => line.marker === undefined,
  );
  const known = Object.keys(algorithmsOfType).filter((type) => plain.some((line) => line.algorithm === type));
  return [...new Set([...known, ...Object.keys(algorithmsOfType)])].flatMap((type) => algorithmsOfType[type] ?? []);
}

/** `SHA256:` and base64 without padding, as `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a public key blob names in its first string (RFC 4253, 6.6); empty where there is none. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length > 64 || key.length < 4 + length ? '' : key.toString('latin1', 4, 4 + length);
}

/** The line that makes a key known. */
export function renderKnownHost(name: HostName, key: Buffer): string {
  return `${hostAndPort(name)} ${keyType(key)} ${key.toString('base64')}\n`;
}

/** How known_hosts and ssh-keygen name a host: with its port, in brackets, unless that is 22. */
export function hostAndPort({ host, port }: HostName): string {
  const lower = host.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${port}`;
}

function parseLine(file: string, number: number, text: string): KnownHostLine | undefined {
  const fields = text.trim().split(/[ \t]+/);
  const marker = fields[0]?.startsWith('@') === true ? fields.shift() : undefined;
  const [names, algorithm, encoded] = fields;
  if (names === undefined || names.startsWith('#') || algorithm === undefined || encoded === undefined)
    return undefined;
  if (marker !== undefined && marker !== '@revoked' && marker !== '@cert-authority') return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const key = Buffer.from(encoded, 'base64');
  if (keyType(key) !== algorithm) return undefined;
  const meaning = marker === undefined ? undefined : marker === '@revoked' ? 'revoked' : 'cert-authority';
  return { file, line: number, marker: meaning, names, algorithm, key };
}

function linesFor(lines: readonly KnownHostLine[], name: HostName): readonly KnownHostLine[] {
  const wanted = hostAndPort(name);
  return lines.filter((line) => isNamed(line.names, wanted));
}

/** OpenSSH takes a key known for the bare name on another port too (sshconnect.c, "checking without port identifier"). */
function plainLinesWithoutPort(lines: readonly KnownHostLine[], name: HostName): readonly KnownHostLine[] {
  if (name.port === 22) return [];
  return linesFor(lines, { host: name.host, port: 22 }).filter((line) => line.marker === undefined);
}

function isNamed(names: string, wanted: string): boolean {
  if (names.startsWith('|')) return isHashOf(names, wanted);
  const patterns = names.split(',').map((pattern) => pattern.toLowerCase());
  const isRefused = patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1), wanted));
  return !isRefused && patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern, wanted));
}

/** `|1|base64 of the salt|base64 of HMAC-SHA1(salt, name)`. */
function isHashOf(names: string, wanted: string): boolean {
  const [, version, salt, hash] = names.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const digest = createHmac('sha1', Buffer.from(salt, 'base64')).update(wanted).digest();
  return digest.equals(Buffer.from(hash, 'base64'));
}

/** `*` and `?` in time linear in the product of both lengths: patterns come from a file, but a backtracking one would hang on it. */
function matches(pattern: string, text: string): boolean {
  let reachable = new Set([0]);
  for (const char of pattern) {
    const next = new Set<number>();
    for (const at of reachable) {
      if (char === '*') for (let to = at; to <= text.length; to += 1) next.add(to);
      else if (at < text.length && (char === '?' || char === text[at])) next.add(at + 1);
    }
    reachable = next;
  }
  return reachable.has(text.length);
}

function sameTypeFirst(lines: readonly KnownHostLine[], type: string): readonly KnownHostLine[] {
  return [...lines.filter((line) => line.algorithm === type), ...lines.filter((line) => line.algorithm !== type)];
}
