import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { CallInput } from '../contract/api.ts';
import { isOcspAnswer } from '../contract/certificates.ts';
import { AppError } from '../contract/errors.ts';
import type { Arguments } from './arguments.ts';
import { push, pushOptions } from './changes.ts';
import { type CliTools, type Command, dataOption } from './command.ts';
import { readSecret, readSecretFile } from './secrets.ts';
import { withConsole, withPatientConsole } from './session.ts';

export const listCertificates: Command = {
  name: 'certificates list',
  what: 'the certificates that a device holds, as JSON: names, end, chain, who uses them. Reads no key',
  takes: 'DEVICE',
  options: dataOption,
  run: async (given, tools) => {
    const device = given.need(0, 'DEVICE');
    const list = await withConsole(given, tools, ({ call }) => call('certificates.list', { device }));
    await tools.terminal.write(`${JSON.stringify(list, null, 2)}\n`);
    return 0;
  },
};

const installOptions = {
  ...pushOptions,
  'passphrase-file': {
    value: 'FILE',
    what: 'of the PKCS#12 file or the encrypted key, on the first line (or STEELYARD_KEY_PASSPHRASE)',
  },
  'short-chain': { what: 'the chain may end before any root that is known' },
  ocsp: { value: 'FILE', what: 'an OCSP answer about the certificate (DER), to be stapled to it' },
  why: { value: 'TEXT', what: 'the reason, kept in the history' },
} as const;

export const renewCertificate: Command = {
  name: 'certificates renew',
  what: 'puts key, certificate and chain (PEM, DER or PKCS#12, in any order) in the place of a certificate of a device',
  takes: 'DEVICE NAME FILE...',
  options: installOptions,
  run: (given, tools) => install(given, tools, {}),
};

export const addCertificate: Command = {
  name: 'certificates add',
  what: 'gives a device a certificate that it does not have yet; NAME is its new file, in a certificate directory or anywhere with --list (HAProxy), or its new object (F5)',
  takes: 'DEVICE NAME FILE...',
  options: {
    ...installOptions,
    list: {
      value: 'LIST',
      what: 'the list of a bind (HAProxy), the profile or virtual server (F5) that shall name it',
    },
  },
  run: (given, tools) => {
    const list = given.text('list');
    return install(given, tools, { add: list === undefined ? {} : { list } });
  },
};

async function install(
  given: Arguments,
  tools: CliTools,
  more: Pick<CallInput<'certificates.plan'>, 'add'>,
): Promise<number> {
  const device = given.need(0, 'DEVICE');
  const name = given.need(1, 'NAME');
  given.need(2, 'FILE');
  const files = await Promise.all(given.rest.slice(2).map(readGiven));
  const ocsp = given.text('ocsp');
  if (ocsp !== undefined) files.push(await readAnswer(ocsp));
  const passphraseFile = given.text('passphrase-file');
  const passphrase =
    passphraseFile === undefined
      ? await readSecret('STEELYARD_KEY_PASSPHRASE', tools.env)
      : await readSecretFile(passphraseFile);
  const why = given.text('why');
  return withPatientConsole(given, tools, async (session) => {
    const made = await session.call('certificates.plan', {
      device,
      name,
      files,
      isShortChainGood: given.has('short-chain'),
      ...more,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(why === undefined ? {} : { why }),
    });
    return push(session, made, given, tools);
  });
}

export const restoreCertificate: Command = {
  name: 'certificates restore',
  what: 'puts the certificate back that was there before the last renewal; it is held sealed',
  takes: 'DEVICE NAME',
  options: pushOptions,
  run: (given, tools) => {
    const wish = { device: given.need(0, 'DEVICE'), name: given.need(1, 'NAME') };
    return withPatientConsole(given, tools, async (session) =>
      push(session, await session.call('certificates.plan', wish), given, tools),
    );
  },
};

/** Among the other files an answer is known by its first bytes. */
async function readAnswer(path: string): Promise<{ name: string; base64: string }> {
  const file = await readGiven(path);
  if (isOcspAnswer(Buffer.from(file.base64, 'base64'))) return file;
  throw new AppError(
    'CERTIFICATE_INVALID',
    `${path} (--ocsp) is no OCSP answer in DER; "openssl ocsp ... -respout FILE" writes one. Nothing was sent.`,
  );
}

async function readGiven(path: string): Promise<{ name: string; base64: string }> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new AppError('NOT_FOUND', `The file ${path} cannot be read.`, { cause: error });
  });
  return { name: basename(path), base64: bytes.toString('base64') };
}
