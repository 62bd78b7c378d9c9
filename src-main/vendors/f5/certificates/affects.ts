import type { PlanDraft } from '../../vendor.ts';
import { wordsOf } from '../sent.ts';
import type { BigipText, Part } from '../text.ts';
import { childrenOf, virtualsWith } from './uses.ts';

/** What answers differently once these profiles name another certificate: they, those that inherit it, and their virtual servers. */
export function affectsOfPointing(config: BigipText, profiles: readonly Part[]): PlanDraft['affects'] {
  const named = new Map(profiles.map((one) => [one.words[3] ?? '', 'names the certificate']));
  for (const { words } of profiles) {
    const [, , kind = '', name = ''] = words;
    const heirs = childrenOf(config, kind, [name]).filter((one) => wordsOf(one, 'inherit-certkeychain') === 'true');
    for (const heir of heirs) {
      const child = heir.words[3] ?? '';
      if (!named.has(child)) named.set(child, `inherits the certificate of ${name}`);
    }
  }
  const virtuals = virtualsWith(config, new Set(named.keys()));
  return [
    ...[...named].map(([name, why]) => ({ kind: 'profile', name, why })),
    ...virtuals.map((name) => ({ kind: 'virtualServer', name, why: 'has such a profile' })),
  ];
}
