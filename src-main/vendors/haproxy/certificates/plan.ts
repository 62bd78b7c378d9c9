import type { CertificateFacts } from '../../../contract/certificates.ts';
import { AppError } from '../../../contract/errors.ts';
import type { TlsTarget } from '../../../transports/transport.ts';
import { unifiedHunks } from '../../hunks.ts';
import type { CertificateDraft, CertificateMaterial } from '../../vendor.ts';
import { socketOf } from '../driver-rights.ts';
import { checkCommand, fingerprintCommands } from '../plan-files.ts';
import { planHold } from '../plan-hold.ts';
import { plainHost, step } from '../plan.ts';
import { isFor, placeOf, servedAt, targetsOf } from './handshake.ts';
import { readLists, showCertificate } from './list.ts';
import { othersOf } from './others.ts';
import { findOcspChange, type OcspChange, ocspCommands } from './ocsp.ts';
import { candidateOf, type CertificateSite, findCertificateSite } from './site.ts';
import type { CertificateFactsOfPlan } from './standing.ts';
import {
  backupCommands,
  candidateCommands,
  cleanUpCommands,
  keepCommands,
  putBackCommands,
  replaceCommands,
} from './swap.ts';
import { base64Of, commitBackCommands, commitCommands, stapleCommands, tryCommands } from './transaction.ts';
import { tlsBinds, usesCertificate } from './uses.ts';
import { verifyCommands } from './verifies.ts';
import { type CertificateContext, markOf, reloadWay, type Way, whyNotAtRunTime } from './way.ts';
import { describe, refuseOddName } from './words.ts';

/**
 * The steps that put a certificate in the place of one that HAProxy has: the file by a rename, the running process by a transaction on
 * its socket (no connection is touched), or by a reload where the socket's level or the size of the chain forbid that.
 */
export async function planCertificate(
  context: CertificateContext,
  name: string,
  material: CertificateMaterial,
): Promise<CertificateDraft> {
  const { host, tools, look, reading, planId, wantedHold, signal } = context;
  refuseOddName(name);
  const socket = socketOf(look);
  const shown = await showCertificate(host, socket, name, signal);
  if (shown === undefined) {
    throw new AppError('NOT_FOUND', `HAProxy has no certificate "${name}"; "show ssl cert" lists those that it has.`);
  }
  const site = await findCertificateSite(host, look, name, material, planId, tools, signal);
  const isSame = site.oldSha256 === material.sha256;
  if (isSame && material.ocsp === undefined) {
    throw new AppError('PLAN_INVALID', `${name} is this certificate already (serial ${material.facts.serial}).`);
  }
  const old = tools.certificate(site.oldLeaf);
  if (old !== undefined && shown.facts.sha1 !== undefined && old.sha1 !== shown.facts.sha1) {
    const what = `the running process has serial ${shown.facts.serial}, the file serial ${old.serial}`;
    throw new AppError('PLAN_INVALID', `${name} was changed and not loaded (${what}). Reload HAProxy first.`);
  }
  const ocsp = await findOcspChange(context, { name, material, like: site.swaps[0]?.real ?? name, shown });
  const swaps = [...(isSame ? [] : site.swaps), ...(ocsp.swap === undefined ? [] : [ocsp.swap])];
  const way = await wayOf(context, site, ocsp, { socket, name, isSame, oldSha1: shown.facts.sha1 });
  const { targets, warnings } = await handshakesOf(context, site, name, shown.facts, material);
  const beside = ocspCommands(host, ocsp);
  const back = [
    ...putBackCommands(plainHost(host), swaps),
    ...ocspCommands(plainHost(host), ocsp).putBack,
    ...way.backAlone,
  ];
  const hold = await planHold({ host, planId, wantedHold, signal }, site, back);
  const mark = markOf(site.beside);
  const what = isSame ? 'OCSP answer' : 'certificate';
  const files = [
    ...reading.files.map(({ path, bytes }) => ({ path, hash: tools.sha256(bytes) })),
    ...swaps.map(({ real, beforeHash }) => ({ path: real, hash: beforeHash })),
    ...(ocsp.removed === undefined ? [] : [{ path: ocsp.removed.real, hash: ocsp.removed.beforeHash }]),
  ];
  const check = checkCommand(host, look.site, look.environment, new Map());
  const facts: CertificateFactsOfPlan = {
    kind: 'certificate',
    files: [
      ...(isSame ? [] : site.swaps).map(({ real, beforeHash, afterHash }) => ({
        real,
        before: beforeHash,
        after: afterHash,
      })),
      ...ocsp.files,
    ],
    socket,
    name,
    sha1: {
      ...(shown.facts.sha1 === undefined ? {} : { old: shown.facts.sha1 }),
      ...(material.facts.sha1 === undefined ? {} : { new: material.facts.sha1 }),
    },
    sha256: { old: site.oldSha256, new: material.sha256 },
    handshakes: targets,
    ...(ocsp.facts === undefined ? {} : { ocsp: ocsp.facts }),
  };
  const paths = [...swaps, ...(ocsp.removed === undefined ? [] : [ocsp.removed])].map(({ real }) => real).join(', ');
  const draft: CertificateDraft['draft'] = {
    basedOn: reading.fingerprint,
    resultsIn: reading.fingerprint,
    cost: way.cost,
    losses: [...way.losses],
    affects: [],
    hunks: [
      ...(isSame ? [] : unifiedHunks(site.swaps[0]?.real ?? name, describe(shown.facts), describe(material.facts))),
      ...ocsp.hunks,
    ],
    steps: [
      step('fingerprint', 'fingerprint', 'Compare the files with those that the plan was made from', [
        ...fingerprintCommands(host, files),
        ...beside.compare,
      ]),
      ...(paths === ''
        ? []
        : [step('backup', 'backup', `Copy ${paths}`, [...backupCommands(host, swaps), ...beside.backup])]),
      step('candidate', 'candidate', `Write the new ${what} beside the live one`, [
        ...candidateCommands(host, swaps),
        ...beside.candidate,
      ]),
      ...way.tries,
      ...hold.arm,
      step('replace', 'send', `Put the new ${what} in place`, [
        ...beside.remove,
        ...replaceCommands(host, swaps),
        ...beside.place,
      ]),
      step('check', 'check', 'Let HAProxy check all its files as it would at its next start', [check]),
      ...way.steps,
      ...hold.begin,
    ],
    hold: hold.hold,
    revert: [
      ...hold.take,
      step('put-back', 'send', `Put the old ${what} back`, [...putBackCommands(host, swaps), ...beside.putBack]),
      ...way.revert,
      step('clean-up', 'keep', 'Remove what the push left beside the file', [
        ...cleanUpCommands(host, swaps, mark),
        ...beside.cleanUp,
        ...hold.remove,
      ]),
    ],
    keep: [
      ...hold.release,
      step('forget', 'keep', `Remove the copy of the old ${what}`, [
        ...keepCommands(host, swaps, mark),
        ...beside.keep,
        ...hold.remove,
      ]),
    ],
    verifies: verifyCommands(host, facts),
    warnings: [
      ...hold.warnings,
      ...way.warnings,
      ...(isSame
        ? [`The certificate is this one already (serial ${material.facts.serial}): only its OCSP answer changes.`]
        : site.warnings),
      ...ocsp.warnings,
      ...warnings,
      ...nameWarnings(shown.facts, material.facts),
    ],
    driver: { ...facts },
  };
  return {
    draft,
    secrets: new Map([...(isSame ? [] : site.secrets), ...ocsp.secrets]),
    prior: isSame ? material.facts : shown.facts,
    ...(ocsp.words === undefined ? {} : { ocsp: ocsp.words }),
    ...(isSame ? {} : { previous: site.previous }),
  };
}

interface Running {
  readonly socket: string;
  readonly name: string;
  /** The certificate stays, only what is stapled to it changes. */
  readonly isSame: boolean;
  readonly oldSha1: string | undefined;
}

async function wayOf(
  context: CertificateContext,
  site: CertificateSite,
  { part, formerPart }: OcspChange,
  { socket, name, isSame, oldSha1 }: Running,
): Promise<Way> {
  const { host, signal } = context;
  const answers = [part, formerPart].flatMap((one) => (one?.answer === undefined ? [] : [base64Of(one.answer)]));
  const why = whyNotAtRunTime(context, [site.previous, ...site.secrets.values(), ...answers], name);
  if (why !== undefined) return reloadWay(context, markOf(site.beside), why);
  const hasSocat = (await host.run('command -v socat', { signal })).code === 0;
  if (!hasSocat && !(await host.mayConnect(socket, { signal }))) {
    return reloadWay(context, markOf(site.beside), 'the account cannot open the socket, and the host has no socat');
  }
  const staple = part === undefined ? [] : [part];
  const transaction = { socket, name, parts: [...(isSame ? [] : site.parts), ...staple] };
  // The certificate's own file drops what is stapled to it.
  const backParts = isSame && formerPart !== undefined ? [] : site.parts;
  const backward = { socket, name, parts: [...backParts, ...(formerPart === undefined ? [] : [formerPart])] };
  const candidates = transaction.parts.map((one) => ({ ...one, file: candidateOf(one.file, context.planId) }));
  const commands = [
    ...commitCommands(host, hasSocat, transaction),
    ...staple.flatMap((one) => stapleCommands(host, hasSocat, socket, one)),
  ];
  const knownSha1 = isSame ? undefined : oldSha1;
  const what = isSame ? 'OCSP answer' : 'certificate';
  return {
    cost: 'runtime',
    tries: [
      step(
        'try',
        'check',
        `Let the running process read the new ${what}, and forget it again`,
        tryCommands(host, hasSocat, { ...transaction, parts: candidates }),
      ),
    ],
    steps: [step('run-time', 'send', `Give the running process the new ${what}`, commands, false)],
    revert: [
      step(
        'run-time-back',
        'send',
        `Give the running process the old ${what}`,
        commitBackCommands(host, hasSocat, backward, knownSha1),
        false,
      ),
    ],
    backAlone: commitBackCommands(plainHost(host), true, backward, knownSha1),
    losses: [],
    warnings: [],
  };
}

/** Only where a handshake shows the old certificate now can one show afterwards that the new one is served. */
async function handshakesOf(
  context: CertificateContext,
  site: CertificateSite,
  name: string,
  before: CertificateFacts,
  material: CertificateMaterial,
): Promise<{ readonly targets: readonly TlsTarget[]; readonly warnings: readonly string[] }> {
  const { host, look, signal } = context;
  const binds = tlsBinds(look.files, look.surroundings);
  const listed = await readLists(host, look, binds, signal);
  const using = binds.filter((bind) => usesCertificate(bind, name, listed));
  const others = await othersOf(context, name, using, listed);
  const targets: TlsTarget[] = [];
  const whys: string[] = [];
  for (const target of targetsOf(using, before, material.facts)) {
    const { serverName } = target;
    const rival = others.find(({ facts }) => serverName === undefined || isFor(facts, serverName));
    const served = await servedAt(context, target);
    if (rival !== undefined) whys.push(`${placeOf(target)}: ${rival.name} is for that name too`);
    else if ('why' in served) whys.push(`${placeOf(target)}: ${served.why}`);
    else if (served.sha256 === site.oldSha256) targets.push(target);
    else whys.push(`${placeOf(target)} serves another certificate`);
  }
  if (targets.length > 0) return { targets, warnings: [] };
  const why = whys.length === 0 ? 'no bind line that can be asked uses it' : whys.join('; ');
  return { targets, warnings: [`No handshake will prove the change (${why}); only the process's own words will.`] };
}

function nameWarnings(before: CertificateFacts, after: CertificateFacts): readonly string[] {
  const lost = before.names.filter((one) => !after.names.includes(one));
  return [
    ...(lost.length === 0 ? [] : [`The new certificate is not for ${lost.join(', ')}, which the old one is for.`]),
    ...(after.names.length === 0 ? ['The new certificate has no alternative names: browsers refuse it.'] : []),
    ...(after.notAfter < before.notAfter
      ? [`The new certificate ends before the old one: ${after.notAfter}, the old one ${before.notAfter}.`]
      : []),
  ];
}
