import { algorithmSchema, algorithmSettings, memberSchema, type Pool } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { methodOfAlgorithm } from './algorithms.ts';
import { blockOf, lacking, made, numberOf, orNone, type Scene, type Sent, setting, unmade, word } from './sent.ts';

/** A service group takes members of one protocol: `http` is carried by TCP. */
export function newPool({ name, protocol }: Pool): Sent {
  return made(`slb service-group ${word(name)} ${protocol === 'udp' ? 'udp' : 'tcp'}`);
}

/** Its servers stay: other groups may have them. */
export function poolGone(scene: Scene, name: string): Sent {
  return unmade(blockOf(scene, 'slb service-group', name, 'service group'));
}

/** `algorithm`, `monitors` (one), `minActiveMembers`. */
export function poolChange(scene: Scene, name: string, change: Change): readonly Sent[] {
  const group = blockOf(scene, 'slb service-group', name, 'service group');
  switch (change.key ?? '') {
    case 'algorithm': {
      const wish =
        change.desired === undefined
          ? { name: 'round-robin' as const }
          : algorithmSettings(algorithmSchema.parse(change.desired));
      const method = methodOfAlgorithm(wish);
      if (method === undefined) throw lacking(`the algorithm ${wish.name}`);
      return setting(group, [], 'method', method, 'round-robin');
    }
    case 'monitors': {
      const [monitor, ...others] = memberSchema.shape.monitors.parse(change.desired) ?? [];
      if (others.length > 0) throw lacking('more than one monitor of a service group');
      // `ping` is there without being listed (ACOS CLI reference, health monitor).
      if (monitor !== undefined && monitor !== 'ping') blockOf(scene, 'health monitor', monitor, 'monitor');
      return setting(group, [], 'health-check', monitor === undefined ? undefined : word(monitor));
    }
    case 'minActiveMembers':
      return setting(group, [], 'min-active-member', numberOf(orNone(change.desired), 'number', 1, 1024));
    default:
      throw lacking(`${change.key ?? 'this'} of a service group`);
  }
}
