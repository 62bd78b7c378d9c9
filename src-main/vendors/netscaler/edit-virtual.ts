import { type VirtualServer, virtualServerSchema } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { Options } from './commands.ts';
import { stateChange } from './edit-member.ts';
import { secondsOf } from './edit-pool.ts';
import { clientTlsCommands } from './edit-tls.ts';
import { groupOf, newVirtual, placeOf, removeVirtual } from './edit-virtual-whole.ts';
import { subjectOf } from './objects.ts';
import { persistenceOptions } from './persistence.ts';
import { gone, lacking, refused, type Scene, type Sent, setOptions } from './sent.ts';
import { quoteWord } from './write.ts';

export function virtualChange(scene: Scene, change: Change): readonly Sent[] {
  const { objects } = scene;
  const [name = ''] = change.subject.path;
  if (change.action === 'create') return newVirtual(scene, virtualServerSchema.parse(change.desired));
  const kind = objects.has('lb vserver', name) ? 'lb vserver' : 'cs vserver';
  if (!objects.has(kind, name)) throw gone(`virtual server "${name}"`);
  if (change.action === 'delete') return removeVirtual(scene, kind, name);
  const wish = scene.edit.target.virtualServers.find((one) => one.name === name);
  if (wish === undefined) throw gone(`virtual server "${name}"`);
  return keyChange(scene, kind, name, wish, change);
}

function keyChange(scene: Scene, kind: string, name: string, wish: VirtualServer, change: Change): readonly Sent[] {
  const target = { said: `${kind} ${quoteWord(name)}`, of: { kind, name } };
  const now = new Options(scene.objects.of(kind, name).commands);
  const { key = 'this', prior, desired } = change;
  if (key === 'adminState') {
    if (desired === 'draining') throw lacking('draining a whole virtual server');
    return [stateChange(target.of, target.said, change)];
  }
  if (key === 'tls') {
    const schema = virtualServerSchema.shape.tls;
    return clientTlsCommands(scene, kind, name, schema.parse(prior), schema.parse(desired));
  }
  if (key === 'listen') return listenChange(scene, kind, name, wish);
  if (key === 'http' || key === 'tcp' || key === 'udp')
    return setOptions(target, now, idleOptions(key, prior, desired));
  if (key === 'backupVirtualServer') {
    const { backupVirtualServer: backup } = wish;
    if (backup !== undefined && !['lb vserver', 'cs vserver'].some((one) => scene.objects.has(one, backup))) {
      throw gone(`virtual server "${backup}"`);
    }
    return setOptions(target, now, { backupVServer: backup === undefined ? undefined : [backup] });
  }
  if (kind === 'lb vserver' && (key === 'pool' || key === 'morePools')) return poolsChange(scene, name, wish);
  if (kind === 'lb vserver' && key === 'persistence') return setOptions(target, now, persistenceOptions(desired));
  throw lacking(`${key} of a virtual server`);
}

/** `-cltTimeout`: all that the model knows of each layer that stands on a virtual server. */
function idleOptions(layer: 'http' | 'tcp' | 'udp', prior: unknown, desired: unknown) {
  const schema = virtualServerSchema.shape[layer];
  const [was, will] = [schema.parse(prior) ?? {}, schema.parse(desired) ?? {}] as Readonly<Record<string, unknown>>[]; // by their keys
  const key = layer === 'http' ? 'clientTimeoutMs' : 'idleTimeoutMs';
  const other = [...new Set([...Object.keys(was ?? {}), ...Object.keys(will ?? {})])].find(
    (one) => one !== key && JSON.stringify(was?.[one]) !== JSON.stringify(will?.[one]),
  );
  if (other !== undefined) throw lacking(`${layer}.${other} of a virtual server`);
  return { cltTimeout: secondsOf(will?.[key], 'idle time-outs') };
}

function listenChange({ objects }: Scene, kind: string, name: string, { listen }: VirtualServer): readonly Sent[] {
  const [, address = '', port = ''] =
    objects
      .of(kind, name)
      .commands.map(subjectOf)
      .find(({ verb }) => verb === 'add')?.rest ?? [];
  const wish = placeOf(listen);
  if (wish.port !== port) {
    throw refused(
      `The port of "${name}" cannot be changed on a NetScaler (only its address, set ${kind} -IPAddress). Make another virtual server at ${(listen ?? ['no address']).join(', ')} with the same pools, and remove this one.`,
    );
  }
  const said = `set ${kind} ${quoteWord(name)} -IPAddress`;
  return [
    {
      command: `${said} ${wish.address}`,
      inverse: `${said} ${address}`,
      of: { kind, name },
      loss: `connections to "${name}" at ${address}`,
    },
  ];
}

/** Which groups stand under a virtual server: new ones bound before old ones go. */
function poolsChange({ objects }: Scene, name: string, { pool, morePools = [] }: VirtualServer): readonly Sent[] {
  const of = { kind: 'lb vserver', name };
  const bound = objects
    .of('lb vserver', name)
    .binds.map((bind) => subjectOf(bind).rest[0] ?? '')
    .filter((one) => objects.has('servicegroup', one));
  const wish = (pool === undefined ? morePools : [pool, ...morePools])
    .filter((one) => one !== name) // its services are bound one by one, as its members
    .map((one) => groupOf(objects, name, one));
  const added = wish
    .filter((group) => !bound.includes(group))
    .map((group): Sent => {
      const both = `lb vserver ${quoteWord(name)} ${quoteWord(group)}`;
      return { command: `bind ${both}`, inverse: `unbind ${both}`, of };
    });
  const taken = bound
    .filter((group) => !wish.includes(group))
    .map((group): Sent => {
      const both = `lb vserver ${quoteWord(name)} ${quoteWord(group)}`;
      return {
        command: `unbind ${both}`,
        inverse: `bind ${both}`,
        of,
        loss: `connections of "${name}" to members of ${group}`,
      };
    });
  return [...added, ...taken];
}
