import type { Route, VirtualServer } from '../../contract/model.ts';
import { type Command, Options } from './commands.ts';
import { isDisabled, type NamedCommands, type Objects, subjectOf } from './objects.ts';
import { persistenceOf } from './persistence.ts';
import { poolNamesOf } from './pools.ts';
import { conditionOf } from './rules.ts';
import { clientTlsOf } from './tls.ts';

const keys = new Set(
  'lbmethod rule hashlength netmask persistencetype persistencebackup timeout persistmask v6persistmasklen cookiename clttimeout backupvserver state httpprofilename tcpprofilename sslprofile lbvserver'.split(
    ' ',
  ),
);

/** `add lb vserver NAME TYPE ADDRESS PORT`: 0.0.0.0 with port 0 listens nowhere and is reached by content switching alone. */
export function lbVirtualServer(virtual: NamedCommands, objects: Objects<Command>): VirtualServer {
  const options = new Options(virtual.commands);
  const [pool, ...morePools] = poolNamesOf(virtual, objects);
  const policies = virtual.binds.flatMap((bind) => new Options([bind]).text('policyName') ?? []);
  return {
    ...common(virtual, objects, options),
    ...(pool === undefined ? {} : { pool }),
    ...(morePools.length === 0 ? {} : { morePools }),
    ...persistenceOf(options),
    native: nativeOf('lb vserver', virtual, options, policies),
  };
}

/** `add cs vserver`: its policies are routes, its default is the pool. */
export function csVirtualServer(virtual: NamedCommands, objects: Objects<Command>): VirtualServer {
  const options = new Options(virtual.commands);
  const routes: { readonly priority: number; readonly route: Route }[] = [];
  const others: string[] = [];
  let fallback: string | undefined;
  for (const bind of virtual.binds) {
    const settings = new Options([bind]);
    const policy = settings.text('policyName');
    const target = settings.text('targetLBVserver') ?? subjectOf(bind).rest[0];
    if (policy === undefined) fallback = settings.text('lbvserver') ?? target ?? fallback;
    else if (objects.of('cs policy', policy).commands.length === 0) others.push(policy);
    else {
      const found = routesOf(policy, target, objects);
      routes.push(...found.map((route) => ({ priority: settings.number('priority') ?? Infinity, route })));
    }
  }
  const [pool, ...morePools] = fallback === undefined ? [] : poolNamesOf(objects.of('lb vserver', fallback), objects);
  return {
    ...common(virtual, objects, options),
    ...(pool === undefined ? {} : { pool }),
    ...(morePools.length === 0 ? {} : { morePools }),
    ...(routes.length === 0
      ? {}
      : { routes: [...routes].sort((a, b) => a.priority - b.priority || 0).map(({ route }) => route) }),
    native: {
      ...nativeOf('cs vserver', virtual, options, others),
      ...(fallback === undefined ? {} : { lbvserver: fallback }),
    },
  };
}

function common(virtual: NamedCommands, objects: Objects<Command>, options: Options): VirtualServer {
  const [type = '', address, port] = placeOf(virtual);
  const protocol = protocolOf(type);
  const seconds = options.number('cltTimeout');
  const backupVirtualServer = options.text('backupVServer');
  const profiles = ['httpProfileName', 'tcpProfileName'].flatMap((name) => options.text(name) ?? []);
  return {
    name: virtual.name,
    ...listenOf(address, port),
    protocol,
    ...clientTlsOf(virtual, objects),
    ...(seconds === undefined || seconds > 2_147_483 ? {} : idleOf(protocol, seconds * 1000)),
    ...(backupVirtualServer === undefined ? {} : { backupVirtualServer }),
    ...(profiles.length === 0 ? {} : { profiles }),
    ...(isDisabled(virtual) ? { adminState: 'disabled' } : {}),
  };
}

function placeOf({ commands }: NamedCommands): readonly string[] {
  return commands.map(subjectOf).find(({ verb }) => verb === 'add')?.rest ?? [];
}

function nativeOf(
  kind: string,
  virtual: NamedCommands,
  options: Options,
  policies: readonly string[],
): Record<string, string> {
  const used =
    kind === 'lb vserver' && !options.has('lbMethod') && !/^rule$/i.test(options.text('persistenceType') ?? '');
  const rule = used ? options.text('rule') : undefined;
  return {
    kind,
    type: placeOf(virtual)[0] ?? '',
    ...(rule === undefined ? {} : { rule }),
    ...options.others(keys, { range: '1', state: 'ENABLED' }),
    ...(policies.length === 0 ? {} : { policies: policies.join(' ') }),
  };
}

/** Types of a virtual server (ADC CLI reference): what the appliance reads as HTTP, passes on by SNI, or carries as TCP or UDP. */
function protocolOf(type: string): NonNullable<VirtualServer['protocol']> {
  const word = type.toUpperCase();
  if (word === 'HTTP' || word === 'SSL' || word === 'HTTP_QUIC') return 'http';
  if (word === 'SSL_BRIDGE') return 'tls-passthrough';
  return /UDP|^DNS$|DTLS|QUIC|RADIUS|TFTP|SYSLOG/.test(word) ? 'udp' : 'tcp';
}

function listenOf(address: string | undefined, port: string | undefined): { listen?: string[] } {
  if (address === undefined || (/^(?:0\.0\.0\.0|::)$/.test(address) && (port === undefined || port === '0'))) return {};
  if (port === undefined || !/^\d+$/.test(port)) return { listen: [address] };
  return { listen: [address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`] };
}

function idleOf(protocol: VirtualServer['protocol'], milliseconds: number): Partial<VirtualServer> {
  if (protocol === 'http') return { http: { clientTimeoutMs: milliseconds } };
  return protocol === 'udp' ? { udp: { idleTimeoutMs: milliseconds } } : { tcp: { idleTimeoutMs: milliseconds } };
}

/** The routes of a policy: several where its rule names several places. */
function routesOf(policy: string, bound: string | undefined, objects: Objects<Command>): Route[] {
  const settings = new Options(objects.of('cs policy', policy).commands);
  const action = settings.text('action');
  const acted = action === undefined ? undefined : new Options(objects.of('cs action', action).commands);
  const target = bound ?? acted?.text('targetLBVserver');
  const pool = target === undefined ? undefined : poolNamesOf(objects.of('lb vserver', target), objects)[0];
  const goal = {
    ...(pool === undefined ? {} : { pool }),
    ...(target === undefined ? {} : { virtualServer: target }),
  };
  return conditionOf(settings).map((condition) => ({ ...condition, ...goal }));
}
