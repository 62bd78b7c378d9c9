import { adminStateSchema, clientTlsSchema, persistenceSchema, type VirtualServer } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { persistenceCommands } from './edit-persistence.ts';
import { tlsCommands } from './edit-tls.ts';
import { gone, lacking, partOf, type Scene, type Sent, setList, setValue } from './sent.ts';
import { keyOf } from './text.ts';

export function virtualChange(scene: Scene, change: Change): readonly Sent[] {
  const [name = ''] = change.subject.path;
  if (change.action !== 'update') throw lacking(`${change.action} of a virtual server`);
  const part = partOf(scene, `ltm virtual ${name}`);
  const of = keyOf(part);
  switch (change.key ?? '') {
    case 'adminState': {
      const wish = change.desired === undefined ? 'enabled' : adminStateSchema.parse(change.desired);
      if (wish === 'draining') throw lacking('draining a whole virtual server: disable it, or drain its members');
      const isOff = part.body?.some(({ words }) => words[0] === 'disabled') ?? false;
      const [now, was] = [wish, isOff ? 'disabled' : 'enabled'];
      return now === was ? [] : [{ command: `modify ${of} ${now}`, inverse: `modify ${of} ${was}`, of }];
    }
    case 'pool':
      return setValue(part, 'pool', poolOf(scene, change.desired), 'none');
    case 'connectionLimit':
      return setValue(part, 'connection-limit', typeof change.desired === 'number' ? String(change.desired) : '0', '0');
    case 'persistence':
      if (change.desired === undefined)
        return [...setValue(part, 'fallback-persistence', 'none', 'none'), ...setList(part, 'persist', undefined)];
      return persistenceCommands(scene, part, persistenceSchema.parse(change.desired));
    case 'tls':
      if (change.desired === undefined) throw lacking('taking TLS off a virtual server');
      return tlsCommands(scene, part, clientTlsSchema.parse(change.prior ?? {}), clientTlsSchema.parse(change.desired));
    default:
      throw lacking(`${change.key ?? 'this'} of a virtual server`);
  }
}

function poolOf(scene: Scene, desired: unknown): string {
  const name: VirtualServer['pool'] = typeof desired === 'string' ? desired : undefined;
  if (name === undefined) return 'none';
  if (!scene.target.pools.some((pool) => pool.name === name)) throw gone(`pool "${name}"`);
  return name;
}
