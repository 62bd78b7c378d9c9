import type { DeviceModel, DevicePool, Member } from '../../contract/model.ts';
import { algorithmOf } from './algorithms.ts';
import { type Command, Options } from './commands.ts';
import { isDisabled, type NamedCommands, type Objects, subjectOf } from './objects.ts';

type Node = NonNullable<DeviceModel['nodes']>[number];

/** What the appliance does anyway: written into every line of an ns.conf, and no setting of anybody's. */
const resting: Readonly<Record<string, string>> = {
  maxclient: '0',
  maxreq: '0',
  gslb: 'NONE',
  cip: 'DISABLED',
  usip: 'NO',
  useproxyport: 'YES',
  sp: 'OFF',
  cka: 'NO',
  tcpb: 'NO',
  cmp: 'NO',
  cacheable: 'NO',
  healthmonitor: 'YES',
  downstateflush: 'ENABLED',
  appflowlog: 'ENABLED',
  rtspsessionidremap: 'OFF',
  state: 'ENABLED',
};
const groupKeys = new Set(['maxclient', 'svrtimeout', 'clttimeout', 'state']);
const memberKeys = new Set(['weight', 'state', 'maxclient', 'svrtimeout', 'clttimeout']);

/** `add server NAME ADDRESS`: the address is a name where the appliance resolves it. */
export function nodeOf(server: NamedCommands): Node {
  const native = new Options(server.commands).others(new Set(['state']), resting);
  return {
    name: server.name,
    address: addressOf(server) ?? '',
    ...(isDisabled(server) ? { adminState: 'disabled' as const } : {}),
    ...nativeOf(native),
  };
}

function addressOf({ commands }: NamedCommands): string | undefined {
  return commands.map(subjectOf).find(({ verb }) => verb === 'add')?.rest[0];
}

/**
 * The pools of a configuration: the services bound to a virtual server are one, named as it; each of its service groups is one named
 * `virtual server/group`, because method and persistence stand on the virtual server. What is bound to none is there by its own name.
 */
export function poolsOf(objects: Objects<Command>): DevicePool[] {
  const services = new Map(objects.all('service').map((one) => [one.name, one]));
  const groups = new Map(objects.all('servicegroup').map((one) => [one.name, one]));
  const bound = new Set<string>();
  const pools: DevicePool[] = [];
  for (const virtual of objects.all('lb vserver')) {
    const algorithm = algorithmOf(new Options(virtual.commands));
    const inside = bindingsOf(virtual);
    const own = inside.filter(({ target }) => services.has(target));
    if (own.length > 0) {
      const members = own.map(({ target, bind }) => ({ service: services.get(target), bind }));
      pools.push({ name: virtual.name, ...algorithm, ...servicePool(members, objects) });
    }
    for (const { target, bind } of inside) {
      const group = groups.get(target);
      if (group !== undefined) {
        pools.push({ name: `${virtual.name}/${target}`, ...algorithm, ...groupPool(group, objects, bind) });
      }
      bound.add(target);
    }
  }
  for (const group of groups.values()) {
    if (!bound.has(group.name)) pools.push({ name: group.name, ...groupPool(group, objects) });
  }
  for (const service of services.values()) {
    if (!bound.has(service.name)) pools.push({ name: service.name, ...servicePool([{ service }], objects) });
  }
  return pools;
}

/** Names of the pools that a virtual server spreads over, the one of its services first. */
export function poolNamesOf(virtual: NamedCommands, objects: Objects<Command>): readonly string[] {
  const targets = bindingsOf(virtual).map(({ target }) => target);
  const hasServices = targets.some((target) => objects.of('service', target).commands.length > 0);
  const groups = targets.filter((target) => objects.of('servicegroup', target).commands.length > 0);
  return [...(hasServices ? [virtual.name] : []), ...groups.map((group) => `${virtual.name}/${group}`)];
}

function bindingsOf({ binds }: NamedCommands): readonly { target: string; bind: Command }[] {
  return binds.flatMap((bind) => {
    const target = subjectOf(bind).rest[0];
    return target === undefined ? [] : [{ target, bind }];
  });
}

type PoolBody = Omit<DevicePool, 'name'>;

function groupPool(group: NamedCommands, objects: Objects<Command>, bind?: Command): PoolBody {
  const options = new Options(group.commands);
  const maxClient = options.number('maxClient') ?? 0;
  const type = typeOf(group);
  const members = bindingsOf(group).map(({ target, bind: own }): Member => {
    const settings = new Options([own]);
    const port = portOf(subjectOf(own).rest[1]);
    const native = settings.others(memberKeys, resting);
    return {
      name: port === undefined ? target : `${target}:${port}`,
      ...placeOf(target, objects),
      ...(port === undefined ? {} : { port }),
      ...weightOf(settings),
      ...(isDisabled({ commands: [own] }) ? { adminState: 'disabled' } : {}),
      ...(maxClient === 0 ? {} : { maxConnections: maxClient }),
      ...nativeOf(native),
    };
  });
  const monitors = monitorsOf(group);
  const bindings = bind === undefined ? {} : new Options([bind]).others(new Set());
  return {
    members,
    ...(monitors.length === 0 ? {} : { monitors }),
    ...timeOutOf([options]),
    ...layerOf([type]),
    ...tlsOf([type], objects.of('ssl servicegroup', group.name)),
    ...(isDisabled(group) ? { adminState: 'disabled' } : {}),
    native: {
      serviceGroup: group.name,
      ...(type === 'HTTP' || type === 'SSL' ? {} : { type }),
      ...cltTimeOf(options),
      ...options.others(groupKeys, resting),
      ...Object.fromEntries(Object.entries(bindings).map(([name, value]) => [`bind ${name}`, value])),
    },
  };
}

function servicePool(
  bound: readonly { service: NamedCommands | undefined; bind?: Command }[],
  objects: Objects<Command>,
): PoolBody {
  const found = bound.flatMap(({ service, bind }) => (service === undefined ? [] : [{ service, bind }]));
  const types = found.map(({ service }) => typeOf(service));
  const [first] = found;
  return {
    members: found.map(({ service, bind }) => serviceMember(service, bind, objects)),
    ...timeOutOf(found.map(({ service }) => new Options(service.commands))),
    ...layerOf(types),
    ...(first === undefined ? {} : tlsOf(types, objects.of('ssl service', first.service.name))),
  };
}

/** `add service NAME SERVER TYPE PORT`. */
function serviceMember(service: NamedCommands, bind: Command | undefined, objects: Objects<Command>): Member {
  const [server = '', , port] = service.commands.map(subjectOf).find(({ verb }) => verb === 'add')?.rest ?? [];
  const options = new Options(service.commands);
  const maxClient = options.number('maxClient') ?? 0;
  const monitors = [...monitorsOf(service), ...oldMonitorsOf(service.name, objects)];
  const number = portOf(port);
  const binding = bind === undefined ? undefined : new Options([bind]);
  return {
    name: service.name,
    ...placeOf(server, objects),
    ...(number === undefined ? {} : { port: number }),
    ...(binding === undefined ? {} : weightOf(binding)),
    ...(isDisabled(service) ? { adminState: 'disabled' } : {}),
    ...(maxClient === 0 ? {} : { maxConnections: maxClient }),
    ...(monitors.length === 0 ? {} : { monitors }),
    ...nativeOf({ ...cltTimeOf(options), ...options.others(groupKeys, resting) }),
  };
}

/** The server by name with its address; an address instead of a name makes a server of that name. */
function placeOf(server: string, objects: Objects<Command>): { node?: string; address?: string } {
  if (server === '') return {};
  const address = addressOf(objects.of('server', server)) ?? (/^[\d.]+$|:/.test(server) ? server : undefined);
  return { node: server, ...(address === undefined ? {} : { address }) };
}

/** `*` (any port) is none. */
function portOf(word: string | undefined): number | undefined {
  const port = word !== undefined && /^\d+$/.test(word) ? Number(word) : undefined;
  return port === undefined || port > 65_535 ? undefined : port;
}

function weightOf(options: Options): { weight?: number } {
  const weight = options.number('weight');
  return weight === undefined || weight > 65_535 ? {} : { weight };
}

/** `bind service S -monitorName M`. */
function monitorsOf({ binds }: NamedCommands): string[] {
  return binds.flatMap((bind) => new Options([bind]).text('monitorName') ?? []);
}

/** `bind lb monitor M S`, as up to version 9. */
function oldMonitorsOf(service: string, objects: Objects<Command>): string[] {
  return objects
    .all('lb monitor')
    .filter(({ binds }) => binds.some((bind) => subjectOf(bind).rest[0] === service))
    .map(({ name }) => name);
}

/** `add serviceGroup NAME TYPE`, `add service NAME SERVER TYPE PORT`. */
function typeOf({ commands }: NamedCommands): string {
  const { kind, rest } = commands.map(subjectOf).find(({ verb }) => verb === 'add') ?? { kind: '', rest: [] };
  return (rest[kind === 'service' ? 1 : 0] ?? '').toUpperCase();
}

function layerOf(types: readonly string[]): { protocol?: 'tcp' | 'udp' } {
  if (types.length === 0 || types.some((type) => type === 'HTTP' || type === 'SSL')) return {};
  return { protocol: types.every((type) => /UDP|^DNS$|DTLS|QUIC|RADIUS|TFTP/.test(type)) ? 'udp' : 'tcp' };
}

function tlsOf(types: readonly string[], ssl: NamedCommands): { tls?: NonNullable<DevicePool['tls']> } {
  if (types.length === 0 || !types.every((type) => /^SSL(?:_TCP|_DIAMETER)?$/.test(type))) return {};
  const options = new Options([...ssl.commands, ...ssl.binds]);
  const profile = options.text('sslProfile');
  const serverName = options.text('commonName');
  return {
    tls: {
      ...(options.has('serverAuth') ? { verify: options.text('serverAuth')?.toUpperCase() === 'ENABLED' } : {}),
      ...(serverName === undefined ? {} : { serverName }),
      ...(options.has('SNIEnable') ? { sendSni: options.text('SNIEnable')?.toUpperCase() === 'ENABLED' } : {}),
      ...(profile === undefined ? {} : { profile }),
    },
  };
}

/** Seconds that a server may take, where all say the same. */
function timeOutOf(all: readonly Options[]): { responseTimeoutMs?: number } {
  const [first, ...others] = all.map((options) => options.number('svrTimeout'));
  if (first === undefined || first > 2_147_483 || others.some((other) => other !== first)) return {};
  return { responseTimeoutMs: first * 1000 };
}

/** The client's time-out of a service, unless it is the appliance's own: 180 s of HTTP, 9000 s of TCP, 120 s of UDP. */
function cltTimeOf(options: Options): Record<string, string> {
  const text = options.text('cltTimeout');
  return text === undefined || ['180', '9000', '120'].includes(text) ? {} : { cltTimeout: text };
}

function nativeOf(native: Record<string, string>): { native?: Record<string, string> } {
  return Object.keys(native).length === 0 ? {} : { native };
}
