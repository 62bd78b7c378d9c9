import { AppError } from '../../../contract/errors.ts';
import { unifiedHunks } from '../../hunks.ts';
import { maskWith } from '../../mask.ts';
import type { CertificateDraft, CertificateMaterial, DeviceReading } from '../../vendor.ts';
import { type Command, Options, readCommands } from '../commands.ts';
import { Objects } from '../objects.ts';
import { netscalerSecrets } from '../parse.ts';
import { draftPlan } from '../plan.ts';
import { gone, refused, type Sent, setOptions } from '../sent.ts';
import { quoteWord } from '../write.ts';
import { type CertificateContext, chainCommands } from './chain.ts';
import { chainOf, serverCertificates } from './list.ts';
import { commonName, isSameSerial } from './show.ts';
import { type NewFile, removeStep, scpStream, uploadStep } from './upload.ts';

/** Serial numbers before and after, by which standing knows what the appliance has really loaded. */
export interface Serials {
  readonly name: string;
  readonly old?: string;
  readonly new: string;
}

/** `update ssl certKey` with new files; taken back by the same with the old ones, which stay where they are. */
export function planRenewal(
  context: CertificateContext,
  name: string,
  material: CertificateMaterial,
): CertificateDraft {
  const { reading, shown } = context;
  const objects = objectsOf(reading);
  if (!objects.has('ssl certkey', name)) throw new AppError('NOT_FOUND', `The appliance has no certificate "${name}".`);
  const old = new Options(objects.of('ssl certkey', name).commands);
  const prior = shown.find((one) => one.name === name)?.facts;
  if (isSameSerial(prior?.serial, material.facts.serial)) {
    throw new AppError('PLAN_INVALID', `"${name}" is this certificate already (serial ${material.facts.serial}).`);
  }
  const [oldCert, oldKey] = [old.text('cert'), old.text('key')];
  if (oldCert === undefined || oldKey === undefined || old.has('passcrypt') || old.has('password')) {
    const why = 'its key is not a plain file that could be gone back to';
    throw refused(
      `"${name}" cannot be renewed from here: ${why}. Give the appliance a pair of its own beside it and bind that one.`,
    );
  }
  const files = filesOf(context, name, material);
  // Which names the appliance compares is not public: what differs in either way could be refused.
  const isOther =
    prior === undefined ||
    prior.names.every((one) => !material.facts.names.includes(one)) ||
    commonName(prior.subject) !== commonName(material.facts.subject);
  const check = isOther ? ' -noDomainCheck' : '';
  const said = `ssl certKey ${quoteWord(name)}`;
  const chain = chainCommands(context, objects, { name, material, linked: chainOf(name, objects)[0] });
  const update: Sent = {
    command: `update ${said} -cert ${files.certificate.name} -key ${files.key.name}${check}`,
    inverse: `update ${said} -cert ${quoteWord(oldCert)} -key ${quoteWord(oldKey)}${check}`,
    of: { kind: 'ssl certkey', name },
  };
  const warnings = [...chain.warnings, ...(isOther ? [otherNames(name, prior?.subject, material)] : [])];
  const sent = [...chain.before, ...chain.unlink, update, ...chain.link];
  const all = [files.certificate, files.key, ...chain.files];
  return draftOf(context, { sent, files: all, warnings, serials: serialsOf(name, prior?.serial, material) }, prior);
}

/** `add ssl certKey` and, where a virtual server is to have it, `bind ssl vserver` (by SNI beside one that is there). */
export function planAddition(
  context: CertificateContext,
  { name, list }: { readonly name: string; readonly list?: string | undefined },
  material: CertificateMaterial,
): CertificateDraft {
  const objects = objectsOf(context.reading);
  if (objects.has('ssl certkey', name)) {
    throw new AppError(
      'ALREADY_EXISTS',
      `The appliance has a certificate "${name}" already. Renew that one, or choose another name.`,
    );
  }
  if (!/^[A-Za-z0-9_][\w#. :@=-]{0,30}$/.test(name)) {
    throw new AppError(
      'PLAN_INVALID',
      `"${name}" cannot be its name: at most 31 letters, digits, "_#.:@=-" or spaces, from a letter, digit or "_" on.`,
    );
  }
  const files = filesOf(context, name, material);
  const said = `ssl certKey ${quoteWord(name)}`;
  const chain = chainCommands(context, objects, { name, material, linked: undefined });
  const add: Sent = {
    command: `add ${said} -cert ${files.certificate.name} -key ${files.key.name}`,
    inverse: `rm ${said}`,
    of: { kind: 'ssl certkey', name },
  };
  const bound = list === undefined ? [] : bindCommands(objects, list, name);
  const warnings = [
    ...chain.warnings,
    ...(list === undefined ? ['No virtual server answers with it yet: bind it to one.'] : []),
  ];
  const sent = [...chain.before, add, ...chain.link, ...bound];
  const all = [files.certificate, files.key, ...chain.files];
  return draftOf(context, { sent, files: all, warnings, serials: serialsOf(name, undefined, material) }, undefined);
}

function bindCommands(objects: Objects<Command>, virtual: string, name: string): readonly Sent[] {
  const kind = ['lb vserver', 'cs vserver'].find((one) => objects.has(one, virtual));
  if (kind === undefined) throw gone(`virtual server "${virtual}"`);
  const of = { kind: 'ssl vserver', name: virtual };
  const said = `ssl vserver ${quoteWord(virtual)}`;
  const isFirst = serverCertificates(virtual, objects).length === 0;
  const now = new Options([...objects.of(kind, virtual).commands, ...objects.of('ssl vserver', virtual).commands]);
  const isProfiled = now.has('sslProfile');
  const sni = isFirst || isProfiled ? [] : setOptions({ said, of }, now, { SNIEnable: ['ENABLED'] });
  const words = `${said} -certkeyName ${quoteWord(name)}${isFirst ? '' : ' -SNICert'}`;
  return [...sni, { command: `bind ${words}`, inverse: `unbind ${words}`, of }];
}

function objectsOf({ files }: DeviceReading): Objects<Command> {
  return new Objects(readCommands(files[0]?.bytes.toString('utf8') ?? ''));
}

function filesOf({ planId }: CertificateContext, name: string, { leaf, key }: CertificateMaterial) {
  const base = `${name.replace(/[^\w.-]/g, '_').slice(0, 40)}-${planId}`;
  return {
    certificate: { name: `${base}.crt`, what: 'the certificate', secret: `${planId}/0`, bytes: Buffer.from(leaf) },
    key: { name: `${base}.key`, what: 'its key', secret: `${planId}/1`, bytes: Buffer.from(key) },
  };
}

function otherNames(name: string, subject: string | undefined, { facts }: CertificateMaterial): string {
  const was =
    subject === undefined
      ? 'The appliance does not tell whom the one before is for'
      : `The one before is for ${subject}`;
  return `${was}, the new one for ${facts.names.join(', ') || facts.subject}: the appliance's own check of names is switched off (-noDomainCheck) for "${name}".`;
}

function serialsOf(name: string, old: string | undefined, { facts }: CertificateMaterial): Serials {
  return { name, ...(old === undefined ? {} : { old }), new: facts.serial };
}

interface Made {
  readonly sent: readonly Sent[];
  readonly files: readonly NewFile[];
  readonly warnings: readonly string[];
  readonly serials: Serials;
}

function draftOf(
  { reading, tools, isPair }: CertificateContext,
  { sent, files, warnings, serials }: Made,
  prior: CertificateDraft['prior'],
): CertificateDraft {
  const before = reading.files[0]?.bytes.toString('utf8') ?? '';
  const { plan, after } = draftPlan(before, sent, reading.model, tools.sha256);
  const [first, ...others] = plan.steps;
  const [old = '', now = ''] = [before, after].map((text) => maskWith(netscalerSecrets, text));
  return {
    draft: {
      ...plan,
      steps: [...(first === undefined ? [] : [first]), uploadStep(files, isPair, tools.sha256), ...others],
      revert: [...plan.revert, removeStep(files)],
      hunks: unifiedHunks('ns.conf', old, now),
      warnings: [...warnings],
      driver: { ...plan.driver, serials },
    },
    secrets: new Map(files.map((file) => [file.secret, scpStream(file)])),
    ...(prior === undefined ? {} : { prior }),
  };
}
