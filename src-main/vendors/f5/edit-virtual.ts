import {
  adminStateSchema,
  clientTlsSchema,
  persistenceSchema,
  type VirtualServer,
  virtualServerSchema,
} from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { persistenceCommands } from './edit-persistence.ts';
import { tlsCommands } from './edit-tls.ts';
import { newVirtual, poolFor, rulesFor, translationFor } from './new-virtual.ts';
import { deleted, gone, lacking, partOf, type Scene, type Sent, setList, settingOf, setValue } from './sent.ts';
import { structuresAlike } from './setting.ts';
import { keyOf, lineOf, type Part } from './text.ts';
import { goingFrom, listenCommands } from './virtual-listen.ts';
import { profilesCommands, protocolCommands } from './virtual-profiles.ts';

export function virtualChange(scene: Scene, change: Change): readonly Sent[] {
  const [name = ''] = change.subject.path;
  if (change.action === 'create') return newVirtual(scene, virtualServerSchema.parse(change.desired));
  const part = partOf(scene, `ltm virtual ${name}`);
  const of = keyOf(part);
  if (change.action === 'delete') {
    const { before, after } = goingFrom(scene, part);
    return [...before, deleted(part), ...after];
  }
  const target = scene.target.virtualServers.find((one) => one.name === name);
  if (target === undefined) throw gone(`virtual server "${name}"`);
  switch (change.key ?? '') {
    case 'adminState': {
      const wish = change.desired === undefined ? 'enabled' : adminStateSchema.parse(change.desired);
      if (wish === 'draining') throw lacking('draining a whole virtual server: disable it, or drain its members');
      const isOff = part.body?.some(({ words }) => words[0] === 'disabled') ?? false;
      const [now, was] = [wish, isOff ? 'disabled' : 'enabled'];
      return now === was ? [] : [{ command: `modify ${of} ${now}`, inverse: `modify ${of} ${was}`, of }];
    }
    case 'pool':
      return setValue(part, 'pool', poolFor(scene.target, target.pool) ?? 'none', 'none');
    case 'connectionLimit':
      return setValue(part, 'connection-limit', typeof change.desired === 'number' ? String(change.desired) : '0', '0');
    case 'persistence':
      if (change.desired === undefined)
        return [...setValue(part, 'fallback-persistence', 'none', 'none'), ...setList(part, 'persist', undefined)];
      return persistenceCommands(scene, part, persistenceSchema.parse(change.desired));
    case 'tls':
      return tlsCommands(
        scene,
        part,
        clientTlsSchema.parse(change.prior ?? {}),
        clientTlsSchema.optional().parse(change.desired),
      );
    case 'listen':
      return listenCommands(scene, part, target);
    case 'protocol':
      return protocolCommands(scene, part, target);
    case 'profiles':
      return profilesCommands(scene, part, namesOf(change.prior), target.profiles ?? []);
    case 'sourceNat':
      return sourceNatCommands(part, target);
    case 'rules':
      return rulesCommands(scene, part, target);
    default:
      throw lacking(`${change.key ?? 'this'} of a virtual server`);
  }
}

function namesOf(value: unknown): readonly string[] {
  return virtualServerSchema.shape.profiles.parse(value) ?? [];
}

function sourceNatCommands(part: Part, { sourceNat }: VirtualServer): readonly Sent[] {
  const of = keyOf(part);
  const key = 'source-address-translation';
  const wish = { words: [key], body: sourceNat === undefined ? [] : translationFor(sourceNat) };
  const [was, is] = structuresAlike(settingOf(part, key), wish).map((item) => `modify ${of} ${lineOf(item ?? wish)}`);
  return [{ command: is ?? '', inverse: was ?? '', of }];
}

/** `rules { a b }` in their order, `none` where they go (tmsh reference, ltm virtual); their text is never touched. */
function rulesCommands(scene: Scene, part: Part, { rules = [] }: VirtualServer): readonly Sent[] {
  const of = keyOf(part);
  const old = (settingOf(part, 'rules')?.body ?? []).flatMap(({ words }) => words);
  const there = new Set(old);
  rulesFor(
    scene,
    rules.filter((name) => !there.has(name)),
  );
  const [now, was] = [rules, old].map((names) => (names.length === 0 ? 'none' : `{ ${names.join(' ')} }`));
  return now === was
    ? []
    : [{ command: `modify ${of} rules ${now ?? ''}`, inverse: `modify ${of} rules ${was ?? ''}`, of }];
}
