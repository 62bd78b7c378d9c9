import { AppError } from '../../../contract/errors.ts';
import type { CertificateDraft, CertificateMaterial, DeviceReading } from '../../vendor.ts';
import { isBuiltInProfile } from '../built-in.ts';
import { type Place, warningsOf } from '../plan.ts';
import { BigipText, keyOf } from '../text.ts';
import { affectsOfPointing } from './affects.ts';
import { draftCertificate } from './draft.ts';
import { certificatesOfReading } from './list.ts';
import { newObjects, renewedStem } from './objects.ts';
import { pointCommand } from './point.ts';
import { type CertificateUse, certificateUses } from './uses.ts';

/** Where and for what a plan is made. */
export interface CertificateContext {
  readonly reading: DeviceReading;
  readonly place: Place;
  readonly sha256: (bytes: Uint8Array) => string;
}

/**
 * Key, certificate and chain as new objects, and every profile that names the old certificate pointed at them. The old objects stay:
 * they are what the inverse points back at. Throws NOT_FOUND, CAPABILITY_MISSING, PLAN_INVALID.
 */
export function planRenewal(
  context: CertificateContext,
  name: string,
  material: CertificateMaterial,
): CertificateDraft {
  const { reading, place, sha256 } = context;
  refuseWhatCannotBe(place, material);
  const before = textOfReading(reading);
  const config = new BigipText(before);
  const uses = certificateUses(config).filter(({ cert }) => cert === name);
  const known = certificatesOfReading(before).find((one) => one.name === name);
  if (known === undefined) throw new AppError('NOT_FOUND', `The device has no certificate ${name}.`);
  const [builtIn, owned] = [true, false].map((wanted) =>
    uses.filter(({ profile }) => isBuiltInProfile(profile.words[3] ?? '') === wanted),
  );
  const own = (owned ?? []).filter(({ isInherited }) => !isInherited);
  if (own.length === 0) throw nobodyNames(name, uses);
  const objects = newObjects(config, renewedStem(config, name, material, place.planId), material, place.planId, sha256);
  const sent = own.map((use) => pointCommand(use, objects));
  return draftCertificate({
    before,
    model: reading.model,
    place,
    sha256,
    objects,
    sent,
    affects: affectsOfPointing(
      config,
      own.map(({ profile }) => profile),
    ),
    warnings: [
      ...warningsOf([], reading.model, place.group),
      ...keyWarnings(place, material),
      `${name} and its key stay on the device, for the way back; remove them by hand once nobody needs them.`,
      ...(builtIn ?? []).map(
        ({ profile }) => `${keyOf(profile)} comes with the device, is not changed from here, and keeps ${name}.`,
      ),
      ...othersNaming(config, name).map((other) => `${other} names ${name} too, and keeps it.`),
    ],
    leafSha256: material.sha256,
    ...(known.facts === undefined ? {} : { prior: known.facts }),
  });
}

function nobodyNames(name: string, uses: readonly CertificateUse[]): AppError {
  const why =
    uses.length === 0
      ? 'no client-ssl or server-ssl profile names it'
      : 'only profiles do that come with the device, and those that inherit it';
  return new AppError(
    'PLAN_INVALID',
    `${name} cannot be renewed: ${why}. Add the new one, and choose its profile or virtual server.`,
  );
}

/**
 * `Client SSL profile must have RSA certificate/key pair` (seen on 12.0: f5-common-python, pull request 420; not since when it may have
 * none).
 */
export function keyWarnings({ version: [major] }: Place, { facts }: CertificateMaterial): readonly string[] {
  if (major >= 14 || facts.algorithm === undefined || /^RSA/i.test(facts.algorithm)) return [];
  return [
    `The key is ${facts.algorithm}: TMOS ${String(major)} may refuse a client-ssl profile without an RSA one. It says so before anything is changed.`,
  ];
}

export const noFileByTmsh =
  'The shell of this account is tmsh, which takes no file: use an account whose shell is bash ("modify auth user NAME shell bash").';

/** Throws CAPABILITY_MISSING: a shell that takes no file, an answer that is fetched by the device itself. */
export function refuseWhatCannotBe({ shell }: Place, { ocsp }: CertificateMaterial): void {
  if (shell === 'tmsh') throw new AppError('CAPABILITY_MISSING', noFileByTmsh);
  if (ocsp === undefined) return;
  throw new AppError(
    'CAPABILITY_MISSING',
    'A BIG-IP fetches OCSP answers itself (ocsp-stapling of the profile): leave the answer out.',
  );
}

export function textOfReading({ files }: DeviceReading): string {
  return files[0]?.bytes.toString('utf8') ?? '';
}

/** Monitors and other objects of the reading that are no profile. */
function othersNaming({ parts }: BigipText, name: string): readonly string[] {
  return parts
    .filter(({ words, isProgram }) => !isProgram && words[1] !== 'profile' && words[1] !== 'file')
    .filter(({ body }) => body?.some(({ words }) => words.slice(1).includes(name)) === true)
    .map(keyOf);
}
