import type { CertificateFacts } from '../../../contract/certificates.ts';
import { AppError } from '../../../contract/errors.ts';
import type { Command, Plan, Step } from '../../../contract/plan.ts';
import type { HostSession, TlsTarget } from '../../../transports/transport.ts';
import { unifiedHunks } from '../../hunks.ts';
import type { CertificateDraft, CertificateMaterial } from '../../vendor.ts';
import { findReload } from '../discover-reload.ts';
import { socatCommand } from '../driver-host.ts';
import { socketOf } from '../driver-rights.ts';
import { quote } from '../driver-shell.ts';
import { checkCommand, fingerprintCommands } from '../plan-files.ts';
import { planHold } from '../plan-hold.ts';
import { lossesOf } from '../plan-losses.ts';
import { type PlanContext, plainHost, step } from '../plan.ts';
import { reloadBackCommands, reloadCommands, type ReloadPlan, shell } from '../plan-reload.ts';
import { isFor, placeOf, servedAt, targetsOf } from './handshake.ts';
import { isPlainName, readLists, showCertificate, showCertificates } from './list.ts';
import { parseNames } from './show-cert.ts';
import { type CertificateSite, findCertificateSite } from './site.ts';
import type { CertificateFactsOfPlan } from './standing.ts';
import {
  backupCommands,
  candidateCommands,
  cleanUpCommands,
  keepCommands,
  putBackCommands,
  replaceCommands,
} from './swap.ts';
import { commitBackCommands, commitCommands, mostPayloadBytes, type Transaction, tryCommands } from './transaction.ts';
import { cutsEndings, type TlsBind, tlsBinds, usesCertificate } from './uses.ts';

export interface CertificateContext extends PlanContext {
  readonly handshake?: HostSession['handshake'];
}

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
  if (site.oldSha256 === material.sha256) {
    throw new AppError('PLAN_INVALID', `${name} is this certificate already (serial ${material.facts.serial}).`);
  }
  const old = tools.certificate(site.oldLeaf);
  if (old !== undefined && shown.facts.sha1 !== undefined && old.sha1 !== shown.facts.sha1) {
    const what = `the running process has serial ${shown.facts.serial}, the file serial ${old.serial}`;
    throw new AppError('PLAN_INVALID', `${name} was changed and not loaded (${what}). Reload HAProxy first.`);
  }
  const way = await wayOf(context, site, { socket, name, parts: site.parts }, shown.facts.sha1);
  const { targets, warnings } = await handshakesOf(context, site, name, shown.facts, material);
  const back = [...putBackCommands(plainHost(host), site.swaps), ...way.backAlone];
  const hold = await planHold({ host, planId, wantedHold, signal }, site, back);
  const mark = markOf(site);
  const files = [
    ...reading.files.map(({ path, bytes }) => ({ path, hash: tools.sha256(bytes) })),
    ...site.swaps.map(({ real, beforeHash }) => ({ path: real, hash: beforeHash })),
  ];
  const check = checkCommand(host, look.site, look.environment, new Map());
  const facts: CertificateFactsOfPlan = {
    kind: 'certificate',
    files: site.swaps.map(({ real, beforeHash, afterHash }) => ({ real, before: beforeHash, after: afterHash })),
    socket,
    name,
    sha1: {
      ...(shown.facts.sha1 === undefined ? {} : { old: shown.facts.sha1 }),
      ...(material.facts.sha1 === undefined ? {} : { new: material.facts.sha1 }),
    },
    sha256: { old: site.oldSha256, new: material.sha256 },
    handshakes: targets,
  };
  const paths = site.swaps.map(({ real }) => real).join(', ');
  const draft: CertificateDraft['draft'] = {
    basedOn: reading.fingerprint,
    resultsIn: reading.fingerprint,
    cost: way.cost,
    losses: [...way.losses],
    affects: [],
    hunks: unifiedHunks(site.swaps[0]?.real ?? name, describe(shown.facts), describe(material.facts)),
    steps: [
      step(
        'fingerprint',
        'fingerprint',
        'Compare the files with those that the plan was made from',
        fingerprintCommands(host, files),
      ),
      step('backup', 'backup', `Copy ${paths}`, backupCommands(host, site.swaps)),
      step(
        'candidate',
        'candidate',
        'Write the new certificate beside the live one',
        candidateCommands(host, site.swaps),
      ),
      ...way.tries,
      ...hold.arm,
      step('replace', 'send', 'Put the new certificate in place', replaceCommands(host, site.swaps)),
      step('check', 'check', 'Let HAProxy check all its files as it would at its next start', [check]),
      ...way.steps,
      ...hold.begin,
    ],
    hold: hold.hold,
    revert: [
      ...hold.take,
      step('put-back', 'send', 'Put the old certificate back', putBackCommands(host, site.swaps)),
      ...way.revert,
      step('clean-up', 'keep', 'Remove what the push left beside the file', [
        ...cleanUpCommands(host, site.swaps, mark),
        ...hold.remove,
      ]),
    ],
    keep: [
      ...hold.release,
      step('forget', 'keep', 'Remove the copy of the old certificate', [
        ...keepCommands(host, site.swaps, mark),
        ...hold.remove,
      ]),
    ],
    verifies: [
      shell(host, `sha256sum -- ${site.swaps.map(({ real }) => quote(real)).join(' ')}`),
      {
        kind: 'socket',
        socket,
        text: `show ssl cert ${name}\n`,
        shown: socatCommand(socket, `show ssl cert ${name}`),
        expect: '',
      },
      ...targets.map((target) => shell(host, handshakeText(target))),
    ],
    warnings: [
      ...hold.warnings,
      ...way.warnings,
      ...site.warnings,
      ...warnings,
      ...nameWarnings(shown.facts, material.facts),
    ],
    driver: { ...facts },
  };
  return { draft, secrets: site.secrets, prior: shown.facts, previous: site.previous };
}

interface Way {
  readonly cost: Plan['cost'];
  readonly tries: readonly Step[];
  readonly steps: readonly Step[];
  readonly revert: readonly Step[];
  /** The way back as the host goes it alone. */
  readonly backAlone: readonly Command[];
  readonly losses: readonly string[];
  readonly warnings: readonly string[];
}

async function wayOf(
  context: CertificateContext,
  site: CertificateSite,
  transaction: Transaction,
  oldSha1: string | undefined,
): Promise<Way> {
  const { host, signal } = context;
  const why = whyNotAtRunTime(context, site, transaction.name);
  if (why !== undefined) return reloadWay(context, site, why);
  const hasSocat = (await host.run('command -v socat', { signal })).code === 0;
  if (!hasSocat && !(await host.mayConnect(transaction.socket, { signal }))) {
    return reloadWay(context, site, 'the account cannot open the socket, and the host has no socat');
  }
  const candidates = site.swaps.map(({ candidate }, index) => ({
    name: transaction.parts[index]?.name ?? '',
    file: candidate,
  }));
  const commands = commitCommands(host, hasSocat, transaction);
  const back = commitBackCommands(host, hasSocat, transaction, oldSha1);
  return {
    cost: 'runtime',
    tries: [
      step(
        'try',
        'check',
        'Let the running process read the new certificate, and forget it again',
        tryCommands(host, hasSocat, { ...transaction, parts: candidates }),
      ),
    ],
    steps: [step('run-time', 'send', 'Give the running process the new certificate', commands, false)],
    revert: [step('run-time-back', 'send', 'Give the running process the old certificate', back, false)],
    backAlone: commitBackCommands(plainHost(host), true, transaction, oldSha1),
    losses: [],
    warnings: [],
  };
}

function whyNotAtRunTime(
  { reading, look }: CertificateContext,
  { secrets, previous }: CertificateSite,
  name: string,
): string | undefined {
  const missing = reading.facts.capabilities.find((one) => one.id === 'run-time' && !one.isPresent);
  if (missing) return missing.why ?? 'the socket does not allow it';
  // `set ssl cert` takes such an ending for the kind of its payload and looks for the name without it (tried with 2.6).
  const [, ending] = /\.(crt|key|ocsp|sctl|issuer)$/.exec(name) ?? [];
  if (ending !== undefined && !cutsEndings(look.files, look.surroundings)) {
    return `"set ssl cert" finds no name that ends in .${ending} without ssl-load-extra-del-ext`;
  }
  const longest = Math.max(previous.length, ...[...secrets.values()].map((bytes) => bytes.length));
  if (longest <= mostPayloadBytes) return undefined;
  return `key and chain have ${longest} bytes, and a running process takes ${mostPayloadBytes} in one command`;
}

async function reloadWay(context: CertificateContext, site: CertificateSite, why: string): Promise<Way> {
  const { host, look, signal } = context;
  const reload = await findReload(host, look.site, look.config.facts, { signal });
  const { instance } = look.site;
  if (reload.way === 'none' || instance === undefined) {
    const whyNone = reload.way === 'none' ? reload.why : 'no HAProxy runs with this file';
    throw new AppError('CAPABILITY_MISSING', `The change needs a reload (${why}), and ${whyNone}. Nothing was sent.`);
  }
  const { environment } = look;
  const { listenersFrom } = look.config;
  const plan: ReloadPlan = { reload, instance, mark: markOf(site), environment, listenersFrom };
  return {
    cost: 'reload',
    tries: [],
    steps: [step('reload', 'send', 'Reload, and wait for the new process', reloadCommands(host, plan), false)],
    revert: [
      step(
        'reload-back',
        'send',
        'Reload the old file, if a reload was asked for',
        reloadBackCommands(host, plan),
        false,
      ),
    ],
    backAlone: reloadBackCommands(plainHost(host), plan),
    losses: lossesOf(look.config.facts),
    warnings: [`At run time it cannot be changed: ${why}. So the change needs a reload.`],
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

/** Certificates that may answer in the place of this one. */
async function othersOf(
  { host, look, signal }: CertificateContext,
  name: string,
  using: readonly TlsBind[],
  listed: ReadonlyMap<string, readonly string[]>,
): Promise<readonly { readonly name: string; readonly facts: CertificateFacts }[]> {
  const socket = socketOf(look);
  const all = parseNames(await host.ask(socket, 'show ssl cert', { signal }));
  const names = all.filter((one) => one !== name && using.some((bind) => usesCertificate(bind, one, listed)));
  return [...(await showCertificates(host, socket, names, signal))].map(([one, { facts }]) => ({ name: one, facts }));
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

function markOf({ beside }: CertificateSite): string {
  return `${beside}.reload`;
}

function describe(facts: CertificateFacts): string {
  const { subject, issuer, serial, notBefore, notAfter, names, algorithm, sha1 } = facts;
  return [
    `subject ${subject}`,
    `names ${names.join(', ')}`,
    `issuer ${issuer}`,
    `serial ${serial}`,
    `valid ${notBefore} to ${notAfter}`,
    `key ${algorithm ?? ''}, its bytes are not shown`,
    `SHA-1 ${sha1 ?? ''}`,
    '',
  ].join('\n');
}

function handshakeText({ host, port, serverName }: TlsTarget): string {
  const where = quote(`${host.includes(':') ? `[${host}]` : host}:${port}`);
  const name = serverName === undefined ? '' : ` -servername ${quote(serverName)}`;
  return `openssl s_client -connect ${where}${name} < /dev/null | openssl x509 -noout -fingerprint -sha256`;
}

function refuseOddName(name: string): void {
  if (isPlainName(name)) return;
  throw new AppError('CAPABILITY_MISSING', `The name ${JSON.stringify(name)} cannot be said on HAProxy's socket.`);
}
