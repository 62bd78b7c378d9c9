import { AppError } from '../../../contract/errors.ts';
import type { CertificateDraft, CertificateMaterial, PlanDraft } from '../../vendor.ts';
import { isBuiltInProfile } from '../built-in.ts';
import { warningsOf } from '../plan.ts';
import { created, lacking, type Sent, settingOf, setValue, wordsOf } from '../sent.ts';
import { BigipText, type Item, keyOf, type Part } from '../text.ts';
import { affectsOfPointing } from './affects.ts';
import { draftCertificate } from './draft.ts';
import { certificateItems, clientSslFormOf } from './forms.ts';
import { certificatesOfReading } from './list.ts';
import { newObjects, stemOf } from './objects.ts';
import { type CertificateContext, keyWarnings, refuseWhatCannotBe, textOfReading } from './plan.ts';
import type { CertificateObjects } from './point.ts';
import { certificateUses, virtualsWith } from './uses.ts';

/** What lets the device answer with the new objects, and what else that touches. */
interface Placing {
  readonly sent: readonly Sent[];
  readonly affects: PlanDraft['affects'];
  readonly warnings: readonly string[];
}

/**
 * A certificate that the device does not have yet. `list` is a client-ssl profile, which gets it beside the one of another kind of
 * key; or a virtual server, which gets a profile of its own for it, chosen by SNI; absent, the objects are made and nothing names
 * them. Throws ALREADY_EXISTS, NOT_FOUND, CAPABILITY_MISSING, PLAN_INVALID.
 */
export function planAddition(
  context: CertificateContext,
  wish: { readonly name: string; readonly list?: string | undefined },
  material: CertificateMaterial,
): CertificateDraft {
  const { reading, place, sha256 } = context;
  refuseWhatCannotBe(place, material);
  const before = textOfReading(reading);
  const config = new BigipText(before);
  const stem = stemOf(wholeName(wish.name));
  const objects = newObjects(config, stem, material, place.planId, sha256);
  const { sent, affects, warnings } = placed(context, config, { ...wish, stem, objects, material, before });
  return draftCertificate({
    before,
    model: reading.model,
    place,
    sha256,
    objects,
    sent,
    affects,
    warnings: [...warningsOf([], reading.model, place.group), ...warnings],
    leafSha256: material.sha256,
  });
}

/** Throws PLAN_INVALID for what is no name of an object (letters, digits, `.-_`; tmsh quotes the rest). */
function wholeName(name: string): string {
  const whole = name.startsWith('/') ? name : `/Common/${name}`;
  if (/^(?:\/[\w.-]+){2,}$/.test(whole)) return whole;
  throw new AppError('PLAN_INVALID', `${JSON.stringify(name)} is no name of a certificate: as /Common/shop.crt.`);
}

interface Wish {
  readonly list?: string | undefined;
  readonly stem: string;
  readonly objects: CertificateObjects;
  readonly material: CertificateMaterial;
  readonly before: string;
}

function placed(context: CertificateContext, config: BigipText, wish: Wish): Placing {
  if (wish.list === undefined) {
    return { sent: [], affects: [], warnings: ['No profile names it yet, so nobody is answered with it.'] };
  }
  const name = wish.list.startsWith('/') ? wish.list : `/Common/${wish.list}`;
  const profile = config.find(`ltm profile client-ssl ${name}`);
  if (profile !== undefined) return inProfile(context, config, profile, wish);
  const virtual = config.find(`ltm virtual ${name}`);
  if (virtual !== undefined) return onVirtual(context, config, virtual, wish);
  throw new AppError('NOT_FOUND', `The device has no client-ssl profile and no virtual server ${name}.`);
}

/** One entry per kind of key (SSL administration manuals, 14.0 and 17.0): the device chooses by what the client can. */
function inProfile({ place }: CertificateContext, config: BigipText, profile: Part, wish: Wish): Placing {
  const of = keyOf(profile);
  if (clientSslFormOf(place.version) === 'flat')
    throw lacking(`a second certificate in ${of}: TMOS has them from 11.5 on`);
  const name = profile.words[3] ?? '';
  if (isBuiltInProfile(name) || wordsOf(profile, 'inherit-certkeychain') === 'true')
    throw lacking(
      `a certificate in ${of}, which ${isBuiltInProfile(name) ? 'comes with the device' : 'inherits its own'}`,
    );
  const uses = certificateUses(config).filter((use) => use.profile === profile);
  const kind = kindOf(wish.material.facts.algorithm);
  const told = certificatesOfReading(wish.before);
  const same = uses.find(({ cert }) => {
    const facts = told.find((one) => one.name === cert)?.facts;
    return facts?.algorithm === undefined || kindOf(facts.algorithm) === kind;
  });
  if (same !== undefined) {
    const why = `a profile takes one certificate per kind of key, and ${name} has ${same.cert} already`;
    throw new AppError('PLAN_INVALID', `${why}. Renew that one, or name a virtual server: it gets a profile for it.`);
  }
  const entry = baseName(wish.stem);
  const { cert, chain, key } = wish.objects;
  const add = `modify ${of} cert-key-chain add { ${entry} { cert ${cert} chain ${chain} key ${key} } }`;
  const sent = [{ command: add, inverse: `modify ${of} cert-key-chain delete { ${entry} }`, of }];
  return { sent, affects: affectsOfPointing(config, [profile]), warnings: [] };
}

function kindOf(algorithm: string | undefined): string {
  return (algorithm ?? '').replace(/[^A-Za-z].*$/, '').toUpperCase();
}

/**
 * Of several client-ssl profiles the device chooses by `server-name`, and one must be `sni-default` (it refuses others with
 * `0107149c`): the first that was there becomes it where none is.
 */
function onVirtual(
  { place }: CertificateContext,
  config: BigipText,
  virtual: Part,
  { stem, objects, material }: Wish,
): Placing {
  const of = keyOf(virtual);
  const there = (settingOf(virtual, 'profiles')?.body ?? []).flatMap(
    ({ words: [name = ''] }) => config.find(`ltm profile client-ssl ${name}`) ?? [],
  );
  const [first] = there;
  const [serverName] = material.facts.names;
  if (first !== undefined && serverName === undefined)
    throw new AppError('PLAN_INVALID', 'The certificate is for no name by which a client could choose it (SNI).');
  const made: Item = {
    words: ['ltm', 'profile', 'client-ssl', `${stem}_clientssl`],
    body: [
      ...certificateItems(clientSslFormOf(place.version), baseName(stem), objects),
      { words: ['defaults-from', '/Common/clientssl'] },
      ...(first === undefined || serverName === undefined ? [] : [{ words: ['server-name', serverName] }]),
    ],
  };
  const name = made.words[3] ?? '';
  if (config.find(keyOf(made)) !== undefined)
    throw new AppError('ALREADY_EXISTS', `The device has a client-ssl profile ${name} already: choose another name.`);
  const hasDefault = there.some((one) => wordsOf(one, 'sni-default') === 'true');
  if (first !== undefined && !hasDefault && isBuiltInProfile(first.words[3] ?? ''))
    throw lacking(`a second certificate on ${of}: its profile ${first.words[3] ?? ''} comes with the device`);
  const sent = [
    created(made),
    ...(first === undefined || hasDefault ? [] : setValue(first, 'sni-default', 'true', 'false')),
    {
      command: `modify ${of} profiles add { ${name} { context clientside } }`,
      inverse: `modify ${of} profiles delete { ${name} }`,
      of,
    },
  ];
  const touched = first === undefined || hasDefault ? [] : [first.words[3] ?? ''];
  const others = virtualsWith(config, new Set(touched)).filter((one) => one !== virtual.words[2]);
  return {
    sent,
    affects: [
      ...others.map((other) => ({ kind: 'virtualServer', name: other, why: `uses ${touched[0] ?? ''}` })),
      { kind: 'virtualServer', name: virtual.words[2] ?? '', why: 'gets the profile' },
    ],
    warnings: [
      ...keyWarnings(place, material),
      ...(material.facts.names.length > 1 && first !== undefined
        ? [`The device chooses it for ${serverName ?? ''} alone: a profile has one server-name.`]
        : []),
    ],
  };
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
