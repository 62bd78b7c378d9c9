import type { DeviceModel } from '../../contract/model.ts';
import type { PlanDraft } from '../vendor.ts';
import type { Sent } from './sent.ts';

type Affected = PlanDraft['affects'][number];

/**
 * What else holds an object that a command is said to: pools with a monitor or a profile, virtual servers with a profile; and who is
 * made from a profile, as it follows where it says nothing itself.
 */
export function affectsOf(sent: readonly Sent[], model: DeviceModel): PlanDraft['affects'] {
  const found = new Map<string, Affected>();
  for (const { command, of, affects = [] } of sent) {
    const told = command.startsWith('modify ') ? holdersOf(of, model) : [];
    for (const one of [...told, ...affects]) found.set(`${one.kind} ${one.name}`, one);
  }
  return [...found.values()];
}

function holdersOf(of: string, model: DeviceModel): readonly Affected[] {
  const name = of.slice(of.lastIndexOf(' ') + 1);
  const heirs = of.startsWith('ltm profile ') ? heirsOf(name, model) : [];
  return [
    ...usersOf(name, model),
    ...heirs.map((heir) => ({ kind: 'profile', name: heir, why: `is made from ${name}` })),
    ...heirs.flatMap((heir) => usersOf(heir, model)),
  ];
}

function usersOf(name: string, { pools, virtualServers }: DeviceModel): readonly Affected[] {
  const why = `uses ${name}`;
  return [
    ...pools
      .filter(({ monitors, tls }) => (monitors?.includes(name) ?? false) || tls?.profile === name)
      .map((one) => ({ kind: 'pool', name: one.name, why })),
    ...virtualServers
      .filter(
        ({ tls, persistence, profiles }) =>
          (tls?.profiles?.includes(name) ?? false) || (profiles?.includes(name) ?? false) || persistence?.name === name,
      )
      .map((one) => ({ kind: 'virtualServer', name: one.name, why })),
  ];
}

function heirsOf(name: string, { profiles }: DeviceModel): readonly string[] {
  const found = new Set<string>();
  let parents = new Set([name]);
  while (parents.size > 0) {
    const next = profiles.filter((one) => parents.has(one.native['defaults-from'] ?? '') && !found.has(one.name));
    for (const one of next) found.add(one.name);
    parents = new Set(next.map((one) => one.name));
  }
  return [...found];
}
