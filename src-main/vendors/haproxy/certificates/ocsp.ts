import type { Command } from '../../../contract/plan.ts';
import { AppError } from '../../../contract/errors.ts';
import { unifiedHunks } from '../../hunks.ts';
import type { CertificateMaterial } from '../../vendor.ts';
import { absolutePath } from '../discover-site.ts';
import type { Host } from '../driver-host.ts';
import { socketOf } from '../driver-rights.ts';
import { quote } from '../driver-shell.ts';
import { isFile, syncText } from '../plan-files.ts';
import { shell } from '../plan-reload.ts';
import { absentCommands, type NewFile, placeCommands, removeCommands, writeCommands } from './addition.ts';
import type { ShownCertificate } from './show-cert.ts';
import { besideOf, findFiles, type Found, readSecretFile, refuseUnwritable } from './site.ts';
import { answerKey, notStapled, stapledTo } from './stapled.ts';
import { absent, type CertificateFactsOfPlan } from './standing.ts';
import type { FileSwap, Swap } from './swap.ts';
import type { TransactionPart } from './transaction.ts';
import { cutsEndings, loadsAnswers } from './uses.ts';
import type { CertificateContext } from './way.ts';

/** What becomes of the OCSP answer beside a certificate: of its three changes one at most is there. */
export interface OcspChange {
  readonly swap?: Swap;
  readonly added?: NewFile;
  /** An answer about the certificate that goes: it goes with it. */
  readonly removed?: Pick<FileSwap, 'real' | 'beforeHash' | 'backup'>;
  readonly secrets: ReadonlyMap<string, Buffer>;
  /** What the running process is given, and what it is given back. */
  readonly part?: TransactionPart;
  readonly formerPart?: TransactionPart;
  /** What the process says of it; absent where it tells nothing or nothing changes. */
  readonly facts?: NonNullable<CertificateFactsOfPlan['ocsp']>;
  readonly files: CertificateFactsOfPlan['files'];
  readonly words?: { readonly prior: string; readonly desired: string };
  readonly hunks: ReturnType<typeof unifiedHunks>;
  readonly warnings: readonly string[];
}

interface Wish {
  readonly name: string;
  readonly material: CertificateMaterial;
  /** The certificate's own file: a new answer gets its group and mode. */
  readonly like: string;
  /** Absent where the certificate is new. */
  readonly shown?: ShownCertificate;
}

/** Throws ALREADY_EXISTS, PLAN_INVALID, and CAPABILITY_MISSING where the account lacks a right, which is named. */
export async function findOcspChange(context: CertificateContext, wish: Wish): Promise<OcspChange> {
  const { host, look, planId, tools, signal } = context;
  const { name, material, shown } = wish;
  const answerName = answerNameOf(context, name);
  const path = absolutePath(answerName, look.site.instance?.root.directory);
  const directory = path.slice(0, path.lastIndexOf('/')) || '/';
  const places = await findFiles(host, [path, directory], signal);
  const found = places.get(path);
  const running = await stapledTo(host, socketOf(look), shown, signal);
  if (found !== undefined && shown === undefined) {
    const remedy = 'Remove it, and give the answer with the certificate (--ocsp)';
    throw new AppError('ALREADY_EXISTS', `The file ${path} is there already. ${remedy}. Nothing was sent.`);
  }
  const { ocsp } = material;
  if (ocsp !== undefined && !loadsAnswers(look.files, look.surroundings)) {
    const what = 'ssl-load-extra-files of its global section leaves them out';
    throw new AppError('CAPABILITY_MISSING', `HAProxy loads no OCSP answers: ${what}. Write "ocsp" there too.`);
  }
  if (found === undefined && ocsp === undefined) {
    return { secrets: new Map(), files: [], hunks: [], warnings: lossesOf(running, undefined, path) };
  }
  const change = await fileChange(context, wish, { path, found, directory: places.get(directory)?.real ?? directory });
  const { former, real } = change;
  const prior = typeof running === 'object' ? wordsOf(running) : notStapled;
  const desired = ocsp === undefined ? notStapled : wordsOf({ status: 'good', ...ocsp });
  // HAProxy passes over an answer that it does not take, so one that it may have had is given back.
  const formerPart = former === undefined || running === notStapled ? undefined : former;
  const before = former === undefined ? absent : tools.sha256(former);
  const after = ocsp === undefined ? absent : tools.sha256(ocsp.bytes);
  return {
    ...change.how,
    secrets: new Map(ocsp === undefined ? [] : [[`${planId}/ocsp`, ocsp.bytes]]),
    ...(ocsp === undefined ? {} : { part: { name: answerName, file: real, answer: ocsp.bytes } }),
    ...(formerPart === undefined ? {} : { formerPart: { name: answerName, file: real, answer: formerPart } }),
    ...(running === undefined
      ? {}
      : {
          facts: {
            ...(running === notStapled
              ? { old: notStapled }
              : isInFile(running, former)
                ? { old: answerKey(running) }
                : {}),
            new: ocsp === undefined ? notStapled : answerKey(ocsp),
          },
        }),
    files: [{ real, before, after }],
    words: { prior, desired },
    hunks: unifiedHunks(real, textOf(prior), textOf(desired)),
    warnings: [
      ...warningsOf(ocsp, former, path),
      ...lossesOf(running, former, path),
      ...(shown === undefined ? [keptUntilReload] : []),
    ],
  };
}

/** Steps' commands; each is empty where nothing of its kind is to be done. */
export function ocspCommands(host: Host, { added, removed }: OcspChange) {
  return {
    compare: added === undefined ? [] : absentCommands(host, added),
    backup: removed === undefined ? [] : [copy(host, removed)],
    candidate: added === undefined ? [] : writeCommands(host, added),
    /** Before the certificate takes its new place, and after it. */
    remove: removed === undefined ? [] : [remove(host, removed)],
    place: added === undefined ? [] : placeCommands(host, added),
    putBack: [
      ...(added === undefined ? [] : removeCommands(host, added)),
      ...(removed === undefined ? [] : [restore(host, removed)]),
    ],
    /** A backup goes only where the live file is the old one. */
    cleanUp: [
      ...(added === undefined ? [] : [forget(host, added.candidate)]),
      ...(removed === undefined ? [] : [forgetBackup(host, removed)]),
    ],
    keep: [
      ...(added === undefined ? [] : [forget(host, added.candidate)]),
      ...(removed === undefined ? [] : [forget(host, removed.backup)]),
    ],
  };
}

type Removed = NonNullable<OcspChange['removed']>;

function copy(host: Host, { real, backup }: Removed): Command {
  return shell(host, `cp -a -- ${quote(real)} ${quote(backup)} && ${syncText(backup)}`);
}

function remove(host: Host, { real, beforeHash }: Removed): Command {
  const foreign = `{ echo 'The OCSP answer has changed since it was compared; nothing was put in its place.' >&2; exit 1; }`;
  const directory = real.slice(0, real.lastIndexOf('/')) || '/';
  return shell(
    host,
    `( ${isFile(beforeHash, real)} || ${foreign}; rm -f -- ${quote(real)} && ${syncText(directory)} )`,
  );
}

/** Safe from any half-way point. */
function restore(host: Host, { real, beforeHash, backup }: Removed): Command {
  const foreign = `{ echo 'There is another OCSP answer: another hand was there. It is left as it is.' >&2; exit 1; }`;
  const missing = `{ echo 'The backup of the OCSP answer is missing or damaged.' >&2; exit 1; }`;
  return shell(
    host,
    `( if [ -e ${quote(real)} ]; then ${isFile(beforeHash, real)} || ${foreign}
else ${isFile(beforeHash, backup)} || ${missing}; mv -T -- ${quote(backup)} ${quote(real)} && ${syncText(real)}; fi )`,
  );
}

function forgetBackup(host: Host, { real, beforeHash, backup }: Removed): Command {
  return shell(host, `if ${isFile(beforeHash, real)}; then rm -f -- ${quote(backup)}; fi`);
}

function forget(host: Host, path: string): Command {
  return shell(host, `rm -f -- ${quote(path)}`);
}

async function fileChange(
  { host, look, planId, tools, signal }: CertificateContext,
  { material: { ocsp }, like }: Wish,
  place: { readonly path: string; readonly found: Found | undefined; readonly directory: string },
) {
  const { path, found, directory } = place;
  const { account } = look.site.discovery;
  const secret = { id: `${planId}/ocsp`, bytes: ocsp?.bytes.length ?? 0, what: 'OCSP answer' };
  if (found === undefined) {
    const real = `${directory === '/' ? '' : directory}/${path.slice(path.lastIndexOf('/') + 1)}`;
    const { stdout } = await host.run(`[ -w ${quote(directory)} ] && echo writable`, { signal });
    await refuseUnwritable(host, { real, isWritable: stdout.toString().startsWith('writable') }, signal);
    const hash = tools.sha256(ocsp?.bytes ?? Buffer.alloc(0));
    const isRoot = account === 0 || host.hasSudo;
    const added: NewFile = { real, hash, candidate: `${besideOf(real, planId)}.new`, secret, like, isRoot };
    return { real, former: undefined, how: { added } };
  }
  const { real, owner } = found;
  await refuseUnwritable(host, found, signal);
  const former = await readSecretFile(host, real, signal);
  if (ocsp?.bytes.equals(former) === true) {
    throw new AppError('PLAN_INVALID', `${path} is this OCSP answer already. Ask the responder for a new one.`);
  }
  const [beside, beforeHash] = [besideOf(real, planId), tools.sha256(former)];
  const backup = `${beside}.old`;
  if (ocsp === undefined) return { real, former, how: { removed: { real, beforeHash, backup } } };
  const kept = account === 0 || String(account) === owner ? '%u:%g:%a' : '%g:%a';
  const afterHash = tools.sha256(ocsp.bytes);
  const swap: Swap = { real, beforeHash, afterHash, candidate: `${beside}.new`, backup, kept, secret };
  return { real, former, how: { swap } };
}

/** `site.pem.ocsp`; with `ssl-load-extra-del-ext` `site.ocsp` of `site.crt` (manual 3.1). */
function answerNameOf({ look }: CertificateContext, name: string): string {
  const isCut = name.endsWith('.crt') && cutsEndings(look.files, look.surroundings);
  return `${isCut ? name.slice(0, -'.crt'.length) : name}.ocsp`;
}

function textOf(words: string): string {
  return words === notStapled ? '' : `OCSP answer: ${words}\n`;
}

function wordsOf({ status, nextUpdate }: { readonly status?: string; readonly nextUpdate?: string }): string {
  return `${status ?? ''} until ${nextUpdate ?? 'no time'}`;
}

function warningsOf(ocsp: CertificateMaterial['ocsp'], former: Buffer | undefined, path: string): readonly string[] {
  if (ocsp !== undefined) {
    return [`The OCSP answer may be used until ${ocsp.nextUpdate}: give HAProxy a newer one before that.`];
  }
  if (former === undefined) return [];
  const until = 'nothing is stapled until a new answer is given (--ocsp), and a revert puts it back';
  return [`${path} is an answer about the old certificate: it is removed, ${until}.`];
}

const keptUntilReload =
  'After a revert HAProxy keeps the OCSP answer in its memory until the next reload; it is shown to nobody.';

type Running = Awaited<ReturnType<typeof stapledTo>>;

/** HAProxy does not give an answer away: one that came by its socket alone cannot be put back. */
function lossesOf(running: Running, former: Buffer | undefined, path: string): readonly string[] {
  if (typeof running !== 'object' || isInFile(running, former)) return [];
  return [`HAProxy staples an answer that does not stand in ${path}: it goes, and a revert cannot bring it back.`];
}

/** By the time of the answer, a GeneralizedTime in its DER (RFC 6960, 4.2.1). */
function isInFile(running: Running, former: Buffer | undefined): boolean {
  if (typeof running !== 'object' || running.thisUpdate === undefined || former === undefined) return false;
  return former.includes(`${running.thisUpdate.slice(0, 19).replaceAll(/[-T:]/g, '')}Z`);
}
