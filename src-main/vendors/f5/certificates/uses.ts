import { settingOf, wordsOf } from '../sent.ts';
import { type BigipText, type Item, keyOf, type Part } from '../text.ts';

/** A place in a profile that names a certificate. */
export interface CertificateUse {
  readonly profile: Part;
  /** `ltm profile client-ssl` or `ltm profile server-ssl`. */
  readonly kind: 'client-ssl' | 'server-ssl';
  /** The name of the entry in `cert-key-chain`; absent where the profile itself says it. */
  readonly entry?: string;
  readonly cert: string;
  readonly key: string;
  /** `none` where nothing is sent after it. */
  readonly chain: string;
  /** It is its parent's, and changes with it. */
  readonly isInherited: boolean;
  /** The key is opened with a passphrase that the profile keeps. */
  readonly hasPassphrase: boolean;
}

export function certificateUses({ parts }: BigipText): readonly CertificateUse[] {
  return parts.flatMap((profile) => {
    const [, what, kind] = profile.words;
    if (what !== 'profile' || (kind !== 'client-ssl' && kind !== 'server-ssl')) return [];
    const entries = kind === 'client-ssl' ? (settingOf(profile, 'cert-key-chain')?.body ?? []) : [];
    const isInherited = wordsOf(profile, 'inherit-certkeychain') === 'true';
    if (entries.length === 0) return useOf(profile, kind, profile, isInherited);
    return entries.flatMap((entry) => useOf(profile, kind, entry, isInherited, keyOf(entry)));
  });
}

function useOf(
  profile: Part,
  kind: CertificateUse['kind'],
  said: Item,
  isInherited: boolean,
  entry?: string,
): readonly CertificateUse[] {
  const cert = wordsOf(said, 'cert') ?? 'none';
  if (cert === 'none') return [];
  const passphrase = wordsOf(said, 'passphrase') ?? 'none';
  return [
    {
      profile,
      kind,
      ...(entry === undefined ? {} : { entry }),
      cert,
      key: wordsOf(said, 'key') ?? 'none',
      chain: wordsOf(said, 'chain') ?? 'none',
      isInherited,
      hasPassphrase: passphrase !== 'none' && passphrase !== '',
    },
  ];
}

/** Virtual servers that have one of these profiles. */
export function virtualsWith({ parts }: BigipText, profiles: ReadonlySet<string>): readonly string[] {
  return parts
    .filter(({ words }) => words[0] === 'ltm' && words[1] === 'virtual')
    .filter((one) => settingOf(one, 'profiles')?.body?.some(({ words: [name = ''] }) => profiles.has(name)) === true)
    .map(({ words }) => words[2] ?? '');
}

/** Profiles that take what they do not say from one of these, however far. */
export function childrenOf({ parts }: BigipText, kind: string, names: readonly string[]): readonly Part[] {
  const found = new Map<string, Part>();
  let parents = new Set(names);
  while (parents.size > 0) {
    const next = parts.filter(
      (part) =>
        keyOf(part).startsWith(`ltm profile ${kind} `) &&
        !found.has(part.words[3] ?? '') &&
        parents.has(wordsOf(part, 'defaults-from') ?? ''),
    );
    for (const part of next) found.set(part.words[3] ?? '', part);
    parents = new Set(next.map(({ words }) => words[3] ?? ''));
  }
  return [...found.values()];
}
