import { AppError } from '../../contract/errors.ts';
import { clientTlsSchema, persistenceSchema, type VirtualServer } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { stateLine } from './edit-member.ts';
import { persistenceLines } from './edit-persistence.ts';
import { tlsLines } from './edit-tls.ts';
import {
  added,
  blockOf,
  gone,
  lacking,
  limitOf,
  made,
  removed,
  type Scene,
  type Sent,
  setting,
  templatesNamed,
  unmade,
  word,
} from './sent.ts';
import { beginsWith, findIn, isSaid, type Line, wordsOf } from './text.ts';

interface Place {
  readonly server: string;
  readonly port: string;
  readonly type: string | undefined;
}

/** A virtual server of the model is a port of one of the device: `NAME:PORT`, and `NAME:PORT/TYPE` where the number is there twice. */
function placeOf(name: string): Place | undefined {
  const [, server = '', port = '', type] = /^(.+):(\d+)(?:\/([\w-]+))?$/.exec(name) ?? [];
  return server === '' ? undefined : { server, port, type };
}

function portOf(scene: Scene, name: string): { readonly block: Line; readonly port: Line } {
  const place = placeOf(name);
  const block = place && scene.text.find(['slb', 'virtual-server', place.server]);
  const port =
    place && findIn(block?.children ?? [], ['port', place.port, ...(place.type === undefined ? [] : [place.type])]);
  if (block === undefined || port === undefined) throw gone(`virtual port "${name}"`);
  return { block, port };
}

/** Words of `port N TYPE` (ACOS CLI reference): what is read in HTTP, what only carries it, and each with TLS. */
function typeOf({ name, protocol, tls }: VirtualServer): string {
  const types: Readonly<Record<string, readonly [string, string | undefined]>> = {
    http: ['http', 'https'],
    tcp: ['tcp', 'ssl-proxy'],
    udp: ['udp', undefined],
  };
  const [plain, withTls] = types[protocol ?? 'tcp'] ?? [];
  const type = tls === undefined ? plain : withTls;
  if (type === undefined)
    throw lacking(`a new virtual port "${name}" of ${protocol ?? 'tcp'}${tls === undefined ? '' : ' with TLS'}`);
  return type;
}

/** The port, and its virtual server where that is not there yet. What else is wished for follows key by key. */
export function newVirtual(scene: Scene, virtual: VirtualServer): readonly Sent[] {
  const place = placeOf(virtual.name);
  const [listen = '', ...others] = virtual.listen ?? [];
  const [, address = '', number = ''] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(listen) ?? [];
  if (place?.port !== number || others.length > 0 || address === '')
    throw new AppError(
      'PLAN_INVALID',
      `An A10 names a virtual port NAME:PORT after its one address: "${virtual.name}" does not fit to ${JSON.stringify(virtual.listen)}.`,
    );
  const there = scene.text.find(['slb', 'virtual-server', place.server]);
  const known = there === undefined ? address : (wordsOf(there.text)[3] ?? '');
  if (known !== address)
    throw new AppError(
      'PLAN_INVALID',
      `The virtual server ${place.server} has the address ${known}, not ${address}: choose another name.`,
    );
  const head = there?.text ?? `slb virtual-server ${word(place.server)} ${address}`;
  if (isDisabled(there) && virtual.adminState !== 'disabled')
    throw lacking(`a new port of ${place.server} that takes traffic: the whole virtual server is disabled`);
  const type = typeOf(virtual);
  if (findIn(there?.children ?? [], ['port', number]) !== undefined)
    throw lacking(`a second port ${number} of ${place.server}`);
  const port = added({ text: head, children: [] }, [], `port ${number} ${type}`);
  return there === undefined ? [made(head), port] : [port];
}

function isDisabled(block: Line | undefined): boolean {
  return block?.children.some(({ text }) => text === 'disable') === true;
}

/** With its last port a virtual server goes too: without one it serves nothing. */
export function virtualGone(scene: Scene, name: string): Sent {
  const bare = placeOf(name) === undefined ? scene.text.find(['slb', 'virtual-server', name]) : undefined;
  if (bare !== undefined) return unmade(bare);
  const { block, port } = portOf(scene, name);
  const isLast = !block.children.some((line) => line !== port && beginsWith(line.text, ['port']));
  return isLast ? unmade(block) : removed(block, [], port);
}

export function virtualChange(scene: Scene, name: string, change: Change): readonly Sent[] {
  const { block, port } = portOf(scene, name);
  const { key = 'this', prior, desired } = change;
  switch (key) {
    case 'adminState': {
      if (desired === 'draining') throw lacking('draining a whole virtual port: disable it, or drain its members');
      if (isDisabled(block)) {
        if (desired === 'disabled') return [];
        throw lacking(`the state of "${name}", whose whole virtual server is disabled`);
      }
      return [stateLine(block, [port], desired)];
    }
    case 'pool': {
      const pool = typeof desired === 'string' ? desired : undefined;
      if (pool !== undefined) blockOf(scene, 'slb service-group', pool, 'service group');
      return setting(block, [port], 'service-group', pool === undefined ? undefined : word(pool));
    }
    case 'connectionLimit':
      return setting(block, [port], 'conn-limit', limitOf(desired));
    case 'sourceNat':
      return setting(block, [port], 'source-nat', typeof desired === 'string' ? desired : undefined);
    case 'persistence':
      return persistenceLines(scene, block, port, desired === undefined ? undefined : persistenceSchema.parse(desired));
    case 'tls':
      return tlsLines(
        scene,
        block,
        port,
        clientTlsSchema.parse(prior ?? {}),
        clientTlsSchema.optional().parse(desired),
      );
    case 'profiles':
      return profileLines(scene, block, port, strings(prior), strings(desired));
    default:
      throw lacking(`${key} of a virtual port`);
  }
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** Templates by their names alone: the kind is that of the one that is there. */
function profileLines(
  scene: Scene,
  block: Line,
  port: Line,
  prior: readonly string[],
  desired: readonly string[],
): readonly Sent[] {
  const goes = port.children.filter((line) => {
    const name = wordsOf(line.text).at(-1) ?? '';
    return isSaid(line) && beginsWith(line.text, ['template']) && prior.includes(name) && !desired.includes(name);
  });
  const comes = desired.filter((name) => !prior.includes(name));
  return [
    ...goes.map((line) => removed(block, [port], line)),
    ...comes.map((name) => {
      const [template, ...others] = templatesNamed(scene, name);
      if (template === undefined) throw gone(`template "${name}"`);
      if (others.length > 0) throw lacking(`the template "${name}", of which there is one of several kinds`);
      return added(block, [port], template.text.replace(/^slb /, ''));
    }),
  ];
}
