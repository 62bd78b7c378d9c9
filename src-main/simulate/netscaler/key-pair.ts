import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { absolutePath, type Files } from '../files.ts';
import { splitPem } from '../served-tls.ts';
import type { ConfigLine } from './config-line.ts';
import { findArgument } from './config-line.ts';
import { type Configuration, findLines, type KeyPair } from './configuration.ts';
import { CommandRefused } from './refusal.ts';

/** The files that a command or a line of ns.conf names. */
export interface PairFiles {
  readonly certificate: string;
  readonly key: string | undefined;
  readonly password: string | undefined;
  readonly isBundle: boolean;
}

/** Where files are that are named without a folder (manual, "ssl certKey"). */
const folder = '/nsconfig/ssl';

/**
 * Reads a certificate-key pair from the disk and checks it. Throws `CommandRefused`: "Input file(s) not present or not accessible in
 * current partition", "Invalid password" and "Invalid private key, or PEM pass phrase required ..." are NITRO's errors 1647, 1614 and
 * 1537 as public issues quote them, "Invalid certificate" stands in CTX118115; the words for a key of another certificate are from memory.
 */
export function readPair(files: Files, { certificate, key, password, isBundle }: PairFiles): KeyPair {
  const texts = [certificate, ...(key === undefined ? [] : [key])].map((name) =>
    files.read(absolutePath(name, folder)),
  );
  if (texts.includes(undefined)) {
    throw new CommandRefused('Input file(s) not present or not accessible in current partition');
  }
  const [own = '', ownKey = ''] = texts.map((text) => text ?? '');
  const [leaf, ...issuers] = splitPem(own);
  const parsed = leaf === undefined ? undefined : parseCertificate(leaf);
  if (leaf === undefined || parsed === undefined) throw new CommandRefused('Invalid certificate');
  const rest = isBundle ? issuers : [];
  if (key === undefined) return { certificate: leaf, issuers: rest, key: undefined };
  const secret = readKey(ownKey, password);
  if (!parsed.checkPrivateKey(secret)) throw new CommandRefused('Certificate and private key do not match');
  return { certificate: leaf, issuers: rest, key: secret.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined; // what is no certificate has no use for the reason
  }
}

function readKey(pem: string, passphrase: string | undefined): KeyObject {
  const isLocked = pem.includes('ENCRYPTED');
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(isLocked && passphrase !== undefined && { passphrase }) });
  } catch {
    throw isLocked && passphrase !== undefined
      ? new CommandRefused('Invalid password')
      : new CommandRefused('Invalid private key, or PEM pass phrase required for this private key');
  }
}

/** The files that a line of the configuration names; `passwords` are by what stands for them in it. */
export function filesOf(line: ConfigLine, passwords: ReadonlyMap<string, string>): PairFiles {
  return {
    certificate: findArgument(line, 'cert') ?? '',
    key: findArgument(line, 'key'),
    password: passwords.get(findArgument(line, 'passcrypt') ?? ''),
    isBundle: findArgument(line, 'bundle') === 'YES',
  };
}

/** As after a start: every pair is read from the disk once more. Those that cannot be read stay as lines without a pair. */
export function readPairs(
  config: Configuration,
  files: Files,
  passwords: ReadonlyMap<string, string> = new Map(),
): Configuration {
  const pairs = findLines(config, 'add', 'ssl certKey').flatMap((line) => {
    try {
      return [[line.positionals[0]?.text ?? '', readPair(files, filesOf(line, passwords))] as const];
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error;
      return [];
    }
  });
  return { ...config, pairs: new Map(pairs) };
}
