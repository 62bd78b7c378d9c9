import { AppError } from '../../../contract/errors.ts';
import type { TlsTarget } from '../../../transports/transport.ts';
import { unifiedHunks } from '../../hunks.ts';
import type { CertificateDraft, CertificateMaterial } from '../../vendor.ts';
import { socketOf } from '../driver-rights.ts';
import { quote } from '../driver-shell.ts';
import { checkCommand, fingerprintCommands } from '../plan-files.ts';
import { planHold } from '../plan-hold.ts';
import { plainHost, step } from '../plan.ts';
import { shell } from '../plan-reload.ts';
import {
  absentCommands,
  addBackCommands,
  addCommands,
  type Addition,
  listCommands,
  placeCommands,
  removeCommands,
  tryAddCommands,
  writeCommands,
} from './addition.ts';
import { isFor, placeOf, servedAt, targetsOf } from './handshake.ts';
import { othersOf } from './others.ts';
import { findOcspChange, ocspCommands } from './ocsp.ts';
import { findNewPlace, type NewPlace, type PlaceWish } from './place.ts';
import { parseNames } from './show-cert.ts';
import { candidateOf } from './site.ts';
import { absent, type CertificateFactsOfPlan } from './standing.ts';
import { backupCommands, cleanUpCommands, keepCommands, putBackCommands, replaceCommands } from './swap.ts';
import { base64Of } from './transaction.ts';
import { verifyCommands } from './verifies.ts';
import { type CertificateContext, markOf, reloadWay, type Way, whyNotAtRunTime } from './way.ts';
import { describe, refuseOddName } from './words.ts';

/**
 * The steps that give HAProxy a certificate that it does not have yet: the file beside the others of a certificate directory, or
 * anywhere with a line in a crt-list, so that the next reload finds it; and the running process by its socket.
 */
export async function planNewCertificate(
  context: CertificateContext,
  wish: PlaceWish,
  material: CertificateMaterial,
): Promise<CertificateDraft> {
  const { host, tools, look, reading, planId, wantedHold, signal } = context;
  const { name } = wish;
  for (const word of [name, wish.list ?? name]) refuseOddName(word);
  const socket = socketOf(look);
  const names = parseNames(await host.ask(socket, 'show ssl cert', { signal }));
  if (names.includes(name)) {
    throw new AppError(
      'ALREADY_EXISTS',
      `HAProxy has a certificate ${name} already: renew it, or choose another name.`,
    );
  }
  const place = await findNewPlace(context, wish, material, names);
  const { file, list, beside, bytes, into } = place;
  const lists = list === undefined ? [] : [list];
  const ocsp = await findOcspChange(context, { name, material, like: file.like });
  const answers = ocsp.part === undefined ? [] : [ocsp.part];
  const answer = ocspCommands(host, ocsp);
  const way = await wayOf(context, place, { socket, name, file: file.real, into, answers });
  const { targets, warnings } = await handshakesOf(context, place, name, material);
  const plain = plainHost(host);
  const putBack = [
    ...(list === undefined ? [] : putBackCommands(host, lists)),
    ...answer.putBack,
    ...removeCommands(host, file),
  ];
  const putBackAlone = [
    ...(list === undefined ? [] : putBackCommands(plain, lists)),
    ...ocspCommands(plain, ocsp).putBack,
    ...removeCommands(plain, file),
  ];
  const hold = await planHold({ host, planId, wantedHold, signal }, place, [...putBackAlone, ...way.backAlone]);
  const mark = markOf(beside);
  const forget = shell(host, `rm -f -- ${[file.candidate, mark].map(quote).join(' ')}`);
  const facts: CertificateFactsOfPlan = {
    kind: 'certificate',
    files: [
      { real: file.real, before: absent, after: file.hash },
      ...lists.map(({ real, beforeHash, afterHash }) => ({ real, before: beforeHash, after: afterHash })),
      ...ocsp.files,
    ],
    socket,
    name,
    isNew: true,
    sha1: material.facts.sha1 === undefined ? {} : { new: material.facts.sha1 },
    sha256: { old: '', new: material.sha256 },
    handshakes: targets,
    ...(ocsp.facts === undefined ? {} : { ocsp: ocsp.facts }),
  };
  const files = [
    ...reading.files.map(({ path, bytes: read }) => ({ path, hash: tools.sha256(read) })),
    ...lists.map(({ real, beforeHash }) => ({ path: real, hash: beforeHash })),
  ];
  const draft: CertificateDraft['draft'] = {
    basedOn: reading.fingerprint,
    resultsIn: reading.fingerprint,
    cost: way.cost,
    losses: [...way.losses],
    affects: [],
    hunks: [
      ...unifiedHunks(file.real, '', describe(material.facts)),
      ...lists.flatMap(({ real, before, after }) => unifiedHunks(real, before, after)),
      ...ocsp.hunks,
    ],
    steps: [
      step('fingerprint', 'fingerprint', 'Compare the files with those that the plan was made from', [
        ...fingerprintCommands(host, files),
        ...absentCommands(host, file),
        ...answer.compare,
      ]),
      ...lists.map((one) => step('backup', 'backup', `Copy ${one.real}`, backupCommands(host, [one]))),
      step('candidate', 'candidate', 'Write the new certificate where HAProxy does not look yet', [
        ...writeCommands(host, file),
        ...answer.candidate,
        ...lists.flatMap((one) => listCommands(host, one, one.added)),
      ]),
      ...way.tries,
      ...hold.arm,
      step('replace', 'send', 'Put the new certificate in place', [
        ...answer.place,
        ...placeCommands(host, file),
        ...lists.flatMap((one) => replaceCommands(host, [one])),
      ]),
      step('check', 'check', 'Let HAProxy check all its files as it would at its next start', [
        checkCommand(host, look.site, look.environment, new Map()),
      ]),
      ...way.steps,
      ...hold.begin,
    ],
    hold: hold.hold,
    revert: [
      ...hold.take,
      step('put-back', 'send', 'Take the new certificate away', putBack),
      ...way.revert,
      step('clean-up', 'keep', 'Remove what the push left beside the file', [
        ...lists.flatMap((one) => cleanUpCommands(host, [one], mark)),
        forget,
        ...answer.cleanUp,
        ...hold.remove,
      ]),
    ],
    keep: [
      ...hold.release,
      step('forget', 'keep', 'Remove what the push left beside the file', [
        ...lists.flatMap((one) => keepCommands(host, [one], mark)),
        forget,
        ...answer.keep,
        ...hold.remove,
      ]),
    ],
    verifies: verifyCommands(host, facts),
    warnings: [
      ...hold.warnings,
      ...way.warnings,
      ...ocsp.warnings,
      ...warnings,
      ...(material.facts.names.length === 0
        ? ['The new certificate has no alternative names: browsers refuse it.']
        : []),
    ],
    driver: { ...facts },
  };
  return {
    draft,
    secrets: new Map([[file.secret.id, bytes], ...ocsp.secrets]),
    ...(ocsp.words === undefined ? {} : { ocsp: ocsp.words }),
  };
}

async function wayOf(context: CertificateContext, place: NewPlace, addition: Addition): Promise<Way> {
  const { host, signal } = context;
  const mark = markOf(place.beside);
  const payloads = [
    place.bytes,
    ...addition.answers.flatMap(({ answer }) => (answer === undefined ? [] : [base64Of(answer)])),
  ];
  const why = whyNotAtRunTime(context, payloads, addition.name) ?? (await whyNotInto(context, addition));
  if (why !== undefined) return reloadWay(context, mark, why);
  const hasSocat = (await host.run('command -v socat', { signal })).code === 0;
  if (!hasSocat && !(await host.mayConnect(addition.socket, { signal }))) {
    return reloadWay(context, mark, 'the account cannot open the socket, and the host has no socat');
  }
  return {
    cost: 'runtime',
    tries: [
      step(
        'try',
        'check',
        'Let the running process read the new certificate, and forget it again',
        tryAddCommands(host, hasSocat, {
          ...addition,
          file: place.file.candidate,
          answers: addition.answers.map((one) => ({ ...one, file: candidateOf(one.file, context.planId) })),
        }),
      ),
    ],
    steps: [
      step(
        'run-time',
        'send',
        'Give the running process the new certificate',
        addCommands(host, hasSocat, addition),
        false,
      ),
    ],
    revert: [
      step(
        'run-time-back',
        'send',
        'Let the running process forget the new certificate',
        addBackCommands(host, hasSocat, addition),
        false,
      ),
    ],
    backAlone: addBackCommands(plainHost(host), true, addition),
    losses: [],
    warnings: [],
  };
}

/** `show ssl crt-list` takes level admin, as adding does, and is known since 2.2. */
async function whyNotInto(
  { host, signal }: CertificateContext,
  { socket, into }: Addition,
): Promise<string | undefined> {
  const answer = await host.ask(socket, 'show ssl crt-list', { signal });
  if (/^Permission denied/m.test(answer))
    return 'the socket does not grant level admin, which "add ssl crt-list" takes';
  if (answer.split('\n').includes(into)) return undefined;
  return `the running process knows no list or directory ${into}`;
}

/** A handshake proves it where no other certificate of the bind is for the same name. */
async function handshakesOf(
  context: CertificateContext,
  { binds, listed }: NewPlace,
  name: string,
  material: CertificateMaterial,
): Promise<{ readonly targets: readonly TlsTarget[]; readonly warnings: readonly string[] }> {
  const others = await othersOf(context, name, binds, listed);
  const targets: TlsTarget[] = [];
  const whys: string[] = [];
  for (const target of targetsOf(binds, undefined, material.facts)) {
    const { serverName } = target;
    const rival = others.find(({ facts }) => serverName === undefined || isFor(facts, serverName));
    const served = await servedAt(context, target);
    if (serverName === undefined)
      whys.push(`${placeOf(target)}: the certificate is for no name that a client could say`);
    else if (rival !== undefined) whys.push(`${placeOf(target)}: ${rival.name} is for that name too`);
    else if ('why' in served) whys.push(`${placeOf(target)}: ${served.why}`);
    else targets.push(target);
  }
  if (targets.length > 0) return { targets, warnings: [] };
  const why = whys.length === 0 ? 'no bind line that can be asked uses it' : whys.join('; ');
  return { targets, warnings: [`No handshake will prove the change (${why}); only the process's own words will.`] };
}
