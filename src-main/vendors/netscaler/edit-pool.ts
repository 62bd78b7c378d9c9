import { poolSchema, serverTlsSchema } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { methodOptions } from './algorithms.ts';
import { Options } from './commands.ts';
import { groupMemberChange, serviceChange, stateChange } from './edit-member.ts';
import { newPool, removePool } from './edit-group.ts';
import { serverTlsCommands } from './edit-server-tls.ts';
import { bindMonitors, monitorNames } from './edit-monitor.ts';
import { gone, lacking, refused, type Scene, type Sent, setOptions } from './sent.ts';
import { quoteWord } from './write.ts';

export function poolChange(scene: Scene, change: Change): readonly Sent[] {
  const [name = ''] = change.subject.path;
  const { action, key = 'this' } = change;
  if (action === 'create') return newPool(scene, poolSchema.parse(change.desired));
  if (action === 'delete') {
    // Its virtual server, or another pool of its group, may have taken it along.
    const place = findPool(scene, name);
    return place === undefined ? [] : removePool(scene, name, place.virtual, place.group);
  }
  const { virtual, group } = poolOf(scene, name);
  if (key === 'algorithm') return algorithmChange(scene, name, virtual, change);
  if (key === 'tls') {
    const kept = serverTlsSchema.optional().parse(change.prior);
    return serverTlsCommands(scene, virtual, group, kept, serverTlsSchema.optional().parse(change.desired));
  }
  if (group === undefined) {
    if (key !== 'monitors') throw lacking(`${key} of a pool of services`);
    throw refused(`"${name}" is made of services, and each has monitors of its own: name them in its members.`);
  }
  if (key === 'monitors') {
    return bindMonitors(scene, 'serviceGroup', group, monitorNames(change.prior), monitorNames(change.desired));
  }
  const target = { said: `serviceGroup ${quoteWord(group)}`, of: { kind: 'servicegroup', name: group } };
  if (key === 'adminState') return [stateChange(target.of, target.said, change)];
  if (key === 'responseTimeoutMs') {
    const now = new Options(scene.objects.of('servicegroup', group).commands);
    return setOptions(target, now, { svrTimeout: secondsOf(change.desired, 'a time-out') });
  }
  throw lacking(`${key} of a pool`);
}

/** Whole seconds, as `-svrTimeout` and `-cltTimeout` count; absent where nothing is wished. */
export function secondsOf(value: unknown, what: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value % 1000 === 0) return [String(value / 1000)];
  throw refused(`A NetScaler counts ${what} in whole seconds, not ${JSON.stringify(value)} ms.`);
}

export function memberChange(scene: Scene, change: Change): readonly Sent[] {
  const [name = '', member = ''] = change.subject.path;
  const { virtual, group } = poolOf(scene, name);
  return group === undefined
    ? serviceChange(scene, virtual, member, change)
    : groupMemberChange(scene, group, name, member, change);
}

function poolOf(scene: Scene, name: string): Place {
  const place = findPool(scene, name);
  if (place === undefined) throw gone(`pool "${name}"`);
  return place;
}

interface Place {
  /** Empty where none binds it. */
  readonly virtual: string;
  readonly group?: string;
}

/** `virtual server/group`, or a virtual server with services of its own, or either by itself where nothing binds it. */
function findPool({ objects }: Scene, name: string): Place | undefined {
  if (objects.has('lb vserver', name)) return { virtual: name };
  if (objects.has('servicegroup', name)) return { virtual: '', group: name };
  let unbound: Place | undefined;
  for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) {
    const [virtual, group] = [name.slice(0, at), name.slice(at + 1)];
    if (!objects.has('servicegroup', group)) continue;
    if (objects.has('lb vserver', virtual)) return { virtual, group };
    unbound ??= { virtual: '', group };
  }
  return unbound;
}

/** The method stands on the virtual server: every pool under it gets it. */
function algorithmChange({ objects }: Scene, pool: string, virtual: string, { desired }: Change): readonly Sent[] {
  if (virtual === '') throw lacking(`an algorithm of "${pool}", which no virtual server binds`);
  const now = new Options(objects.of('lb vserver', virtual).commands);
  const target = { said: `lb vserver ${quoteWord(virtual)}`, of: { kind: 'lb vserver', name: virtual } };
  return setOptions(target, now, methodOptions(desired));
}
