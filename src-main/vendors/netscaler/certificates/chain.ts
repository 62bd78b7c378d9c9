import type { CertificateMaterial, DeviceReading, DriverTools } from '../../vendor.ts';
import type { Command } from '../commands.ts';
import type { Objects } from '../objects.ts';
import type { Sent } from '../sent.ts';
import { quoteWord } from '../write.ts';
import { isSameName, isSameSerial, type ShownCertificate } from './show.ts';
import type { NewFile } from './upload.ts';

export interface CertificateContext {
  readonly reading: DeviceReading;
  readonly shown: readonly ShownCertificate[];
  readonly planId: string;
  readonly tools: DriverTools;
  /** Another appliance takes this one's configuration. */
  readonly isPair: boolean;
}

interface Chain {
  /** Certificates of issuers that the appliance lacks, and the links between them. */
  readonly before: readonly Sent[];
  /** A linked pair is unlinked while it changes. */
  readonly unlink: readonly Sent[];
  readonly link: readonly Sent[];
  readonly files: readonly NewFile[];
  readonly warnings: readonly string[];
}

interface Wish {
  readonly name: string;
  readonly material: CertificateMaterial;
  /** The issuer that it is linked to now. */
  readonly linked: string | undefined;
}

/**
 * What a certificate is sent with on a NetScaler: certificates of its issuers, each a pair of its own without a key, linked one to the
 * next (`link ssl certKey`). One that the appliance has is used, by serial and subject where the chain was given, else by subject.
 */
export function chainCommands(context: CertificateContext, objects: Objects<Command>, wish: Wish): Chain {
  const { name, material, linked } = wish;
  const said = `ssl certKey ${quoteWord(name)}`;
  const of = { kind: 'ssl certkey', name };
  const { issuer, before, files } = issuersOf(context, objects, wish);
  const unlink: readonly Sent[] =
    linked === undefined
      ? []
      : [
          {
            command: `unlink ${said}`,
            inverse: `link ${said} ${quoteWord(linked)}`,
            of,
            loss: `for a moment "${name}" is sent without the certificates of its issuers`,
          },
        ];
  const link: readonly Sent[] =
    issuer === undefined ? [] : [{ command: `link ${said} ${quoteWord(issuer)}`, inverse: `unlink ${said}`, of }];
  const isAlone = issuer === undefined && !isSameName(material.facts.issuer, material.facts.subject);
  const alone = `The appliance has no certificate of "${material.facts.issuer}" and none was given: clients that do not know it will refuse "${name}".`;
  return { before, unlink, link, files, warnings: isAlone ? [alone] : [] };
}

function issuersOf(
  { shown, planId, tools }: CertificateContext,
  objects: Objects<Command>,
  { name, material }: Wish,
): { readonly issuer: string | undefined; readonly before: readonly Sent[]; readonly files: readonly NewFile[] } {
  const given = material.chain.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----\n?/g) ?? [];
  if (given.length === 0) {
    const known = shown.find((one) => one.name !== name && isSameName(one.facts?.subject ?? '', material.facts.issuer));
    return { issuer: known?.name, before: [], files: [] };
  }
  const before: Sent[] = [];
  const files: NewFile[] = [];
  const names = given.map((pem, at) => {
    const facts = tools.certificate(pem);
    const known = shown.find(
      (one) =>
        isSameSerial(one.facts?.serial, facts?.serial) && isSameName(one.facts?.subject ?? '', facts?.subject ?? '-'),
    );
    if (known !== undefined) return known.name;
    const pair = `${name.replace(/[^\w.-]/g, '_').slice(0, 16)}-ca${String(at + 1)}-${planId.slice(0, 8)}`;
    const file = `${pair}.crt`;
    files.push({
      name: file,
      what: 'a certificate of its issuers',
      secret: `${planId}/${String(at + 2)}`,
      bytes: Buffer.from(pem),
    });
    before.push({
      command: `add ssl certKey ${pair} -cert ${file}`,
      inverse: `rm ssl certKey ${pair}`,
      of: { kind: 'ssl certkey', name: pair },
    });
    return pair;
  });
  for (const [at, lower] of names.entries()) {
    const upper = names[at + 1];
    const isLinked = objects.links.some(({ words }) => words[3] === lower);
    if (upper === undefined || isLinked) continue;
    const said = `ssl certKey ${quoteWord(lower)}`;
    const of = { kind: 'ssl certkey', name: lower };
    before.push({ command: `link ${said} ${quoteWord(upper)}`, inverse: `unlink ${said}`, of });
  }
  return { issuer: names[0], before, files };
}
