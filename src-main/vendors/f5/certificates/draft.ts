import type { CertificateFacts } from '../../../contract/certificates.ts';
import type { DeviceModel } from '../../../contract/model.ts';
import type { Command, Step } from '../../../contract/plan.ts';
import { unifiedHunks } from '../../hunks.ts';
import { maskWith } from '../../mask.ts';
import type { CertificateDraft, PlanDraft } from '../../vendor.ts';
import { f5Secrets } from '../parse.ts';
import { draftPlan, type Place, shellCommand, step } from '../plan.ts';
import type { Sent } from '../sent.ts';
import { callText, quote, takenAnswer, takenOrAlreadyAnswer, transactionText } from '../shell.ts';
import type { NewObjects, SentFile } from './objects.ts';

/** What a plan for a certificate is made from. */
export interface CertificateWish {
  readonly before: string;
  readonly model: DeviceModel;
  readonly place: Place;
  readonly sha256: (bytes: Uint8Array) => string;
  readonly objects: NewObjects;
  /** What is said to profiles and virtual servers once the objects are there. */
  readonly sent: readonly Sent[];
  readonly affects: PlanDraft['affects'];
  readonly warnings: readonly string[];
  /** SHA-256 of the leaf, as the device tells it again. */
  readonly leafSha256: string;
  readonly prior?: CertificateFacts;
}

/** What such a plan has to know again besides what every plan of a BIG-IP keeps. */
export interface CertificateTouched {
  readonly cert: string;
  readonly key: string;
  readonly sha256: string;
}

/**
 * Key, certificate and chain come as files by standard input, become objects of the device in the transaction that points the
 * profiles at them, and the files go at once. Keys are in no reading, so the plan keeps their name.
 */
export function draftCertificate(wish: CertificateWish): CertificateDraft {
  const { before, model, place, sha256, objects, prior } = wish;
  const all = [...objects.install, ...wish.sent];
  const read = all.filter(({ of }) => !of.startsWith('sys file ssl-key '));
  const { plan, after } = draftPlan(before, read, model, place, sha256);
  const [old, now] = [before, after].map((text) => maskWith(f5Secrets, text));
  const touched: CertificateTouched = { cert: objects.cert, key: objects.key, sha256: wish.leafSha256 };
  return {
    draft: {
      ...plan,
      affects: wish.affects,
      hunks: unifiedHunks('bigip.conf', old ?? '', now ?? ''),
      steps: plan.steps.flatMap((one) => ownStep(one, all, objects.files, place)),
      revert: [
        step('revert-candidate', 'candidate', 'Remove the files of the transfer', [forget(objects.files)], true),
        step('revert-send', 'send', 'Bring the old settings back', backCommands(all, place), false),
      ],
      keep: plan.keep.map((one) =>
        one.id === 'clean-up' ? { ...one, commands: [forget(objects.files)], title: 'Remove the files' } : one,
      ),
      warnings: [...wish.warnings],
      driver: { ...plan.driver, certificate: touched },
    },
    secrets: new Map(objects.files.map(({ secret, bytes }) => [secret, bytes])),
    ...(prior === undefined ? {} : { prior }),
  };
}

/** The steps of any plan, with files of its own and without a check that would miss objects which are not there yet. */
function ownStep(one: Step, all: readonly Sent[], files: readonly SentFile[], place: Place): readonly Step[] {
  if (one.id === 'candidate') return [];
  if (one.id === 'check') {
    const lacking =
      'A profile cannot be checked against files that are not there yet. The device checks the whole transaction, and that key and certificate fit, before any of it is carried out.';
    const bring = step('candidate', 'candidate', 'Bring key and certificate to the unit', bringCommands(files), true);
    return [bring, { ...step('check', 'check', one.title, [], true), lacking }];
  }
  if (one.id !== 'send') return [one];
  const text = transactionText(
    place.shell,
    all.map(({ command }) => command),
  );
  const title = 'Install them and point the profiles at them, in one transaction';
  const send = step('send', 'send', title, [shellCommand(text, takenAnswer)], false);
  return [send, step('forget', 'send', 'Remove the files of the transfer', [forget(files)], true)];
}

/** Readable by the account alone from the first byte on; read again, so that a cut transfer is seen before it is taken. */
function bringCommands(files: readonly SentFile[]): Command[] {
  return files.flatMap(({ path, what, secret, bytes, sha256 }): Command[] => {
    const text = `umask 077 && cat > ${quote(path)}`;
    const shown = `${text}   # standard input: the ${what}, ${String(bytes.length)} bytes, SHA-256 ${sha256}`;
    const write: Command = { kind: 'shell', text, shown, stdin: { secret, sha256, bytes: bytes.length } };
    return [write, shellCommand(`sha256sum -- ${quote(path)}`, `^${sha256}\\s`)];
  });
}

function forget(files: readonly SentFile[]): Command {
  return shellCommand(`rm -f -- ${files.map(({ path }) => quote(path)).join(' ')}`);
}

/** As of any plan: the transaction, then each by itself. */
function backCommands(all: readonly Sent[], { shell }: Place): Command[] {
  const back = all.toReversed().map(({ inverse }) => inverse);
  return [
    shellCommand(transactionText(shell, back), takenOrAlreadyAnswer),
    ...back.map((command) => shellCommand(callText(shell, [command]), takenOrAlreadyAnswer)),
  ];
}
