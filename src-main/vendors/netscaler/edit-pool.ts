import { algorithmSchema, algorithmSettings } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { methodOfName } from './algorithms.ts';
import { Options } from './commands.ts';
import { groupMemberChange, serviceChange } from './edit-member.ts';
import { bindMonitors, monitorNames } from './edit-monitor.ts';
import { gone, lacking, refused, type Scene, type Sent, setOptions } from './sent.ts';
import { quoteWord } from './write.ts';

export function poolChange(scene: Scene, change: Change): readonly Sent[] {
  const [name = ''] = change.subject.path;
  const { action, key = 'this' } = change;
  if (action !== 'update') throw lacking(`${action} pool`);
  const { virtual, group } = poolOf(scene, name);
  if (key === 'algorithm') return algorithmChange(scene, name, virtual, change);
  if (key === 'monitors') {
    if (group === undefined) {
      throw refused(`"${name}" is made of services, and each has monitors of its own: name them in its members.`);
    }
    return bindMonitors(scene, 'serviceGroup', group, monitorNames(change.prior), monitorNames(change.desired));
  }
  throw lacking(`${key} of a pool`);
}

export function memberChange(scene: Scene, change: Change): readonly Sent[] {
  const [name = '', member = ''] = change.subject.path;
  const { virtual, group } = poolOf(scene, name);
  return group === undefined
    ? serviceChange(scene, virtual, member, change)
    : groupMemberChange(scene, group, name, member, change);
}

/** `virtual server/group`, or a virtual server with services of its own, or either by itself where nothing binds it. */
export function poolOf({ objects }: Scene, name: string): { readonly virtual: string; readonly group?: string } {
  if (objects.has('lb vserver', name)) return { virtual: name };
  if (objects.has('servicegroup', name)) return { virtual: '', group: name };
  for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) {
    const [virtual, group] = [name.slice(0, at), name.slice(at + 1)];
    if (objects.has('lb vserver', virtual) && objects.has('servicegroup', group)) return { virtual, group };
  }
  throw gone(`pool "${name}"`);
}

/** The method stands on the virtual server: every pool under it gets it. */
function algorithmChange({ objects }: Scene, pool: string, virtual: string, { desired }: Change): readonly Sent[] {
  if (virtual === '') throw lacking(`an algorithm of "${pool}", which no virtual server binds`);
  const now = new Options(objects.of('lb vserver', virtual).commands);
  const target = { said: `lb vserver ${quoteWord(virtual)}`, of: { kind: 'lb vserver', name: virtual } };
  return setOptions(target, now, methodOptions(desired));
}

/** `-lbMethod` with its settings. */
export function methodOptions(desired: unknown): Readonly<Record<string, readonly string[]>> {
  const wish = algorithmSettings(algorithmSchema.parse(desired));
  const method = methodOfName(wish);
  if (method === undefined) throw lacking(`the algorithm ${wish.name}`);
  const settings = Object.entries({ lbMethod: method.method, ...method.settings });
  return Object.fromEntries(settings.map(([name, value]) => [name, [value]]));
}
