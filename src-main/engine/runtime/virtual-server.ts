import type { PoolSettings, RouteSettings, VirtualServerSettings } from '../config/settings.ts';
import type { TlsTermination } from '../tls/server.ts';
import type { Holding } from '../persistence/holding.ts';
import { serverLease } from './lease-names.ts';
import { ownerOf } from '../persistence/table-names.ts';
import { usableCodings, type Coding } from '../compression/negotiate.ts';
import type { ServerCache } from '../cache/server-cache.ts';
import type { ServerLimits } from '../limits/limits.ts';
import type { PoolRuntime } from './pool.ts';
import type { RouteRequest } from './route-request.ts';

type ConnectionLimits = PoolSettings & { readonly isOfOneClient?: boolean };

interface CompiledRoute {
  readonly settings: RouteSettings;
  readonly regex: RegExp | undefined;
  readonly pool: PoolRuntime;
}

/** A virtual server in a worker: its settings, its routes compiled, what it counted. */
export class VirtualServerRuntime {
  readonly name: string;
  /** The name of the lease of its `connectionLimit`. */
  readonly lease: string;
  /** False = its requests are the engine's own: no client's, so not in the access log. */
  isLogged = true;
  readonly settings: VirtualServerSettings;
  readonly counters: Float64Array;
  readonly defaultPool: PoolRuntime | undefined;
  readonly hasRoutes: boolean;
  /** Undefined = clear text. */
  readonly tls: TlsTermination | undefined;
  /** `Strict-Transport-Security: ...\r\n`, or empty. */
  readonly hstsLine: Buffer;
  /** Clear text that is sent to HTTPS. */
  readonly redirectsToHttps: boolean;
  /** Undefined = nothing is limited. */
  readonly limits: ServerLimits | undefined;
  /** What responses may be compressed with, the best first; undefined = they stay as they are. */
  readonly compression: readonly Coding[] | undefined;
  /** Serves where no pool of this one has a member left; undefined = none. */
  backup: VirtualServerRuntime | undefined = undefined;
  /** Undefined = nothing is cached. */
  readonly cache: ServerCache | undefined;
  readonly #routes: readonly CompiledRoute[];
  readonly #holdings: ReadonlyMap<string, Holding> | undefined;
  readonly #limitsByPool = new Map<PoolRuntime, ConnectionLimits>();

  constructor(
    settings: VirtualServerSettings,
    pools: ReadonlyMap<string, PoolRuntime>,
    counters: Float64Array,
    holdings: ReadonlyMap<string, Holding> | undefined,
    tls?: TlsTermination,
    limits?: ServerLimits,
    cache?: ServerCache,
  ) {
    this.cache = cache;
    const codings = usableCodings(settings.http.compression);
    this.compression = codings.length === 0 ? undefined : codings;
    this.limits = limits;
    this.#holdings = holdings;
    this.name = settings.name;
    this.lease = serverLease(settings);
    this.settings = settings;
    this.counters = counters;
    this.tls = tls;
    const hsts = settings.tls?.hsts ?? '';
    this.hstsLine = Buffer.from(hsts === '' ? '' : `Strict-Transport-Security: ${hsts}\r\n`, 'latin1');
    this.redirectsToHttps = settings.http.redirectToHttps && settings.tls === undefined;
    this.defaultPool = pools.get(settings.pool);
    this.#routes = settings.routes.flatMap((route) => {
      const pool = pools.get(route.pool);
      const regex = route.pathRegex === '' ? undefined : new RegExp(route.pathRegex);
      return pool === undefined ? [] : [{ settings: route, regex, pool }];
    });
    this.hasRoutes = this.#routes.length > 0;
  }

  /** How clients of this virtual server are held in a pool: the pool's own way goes before the virtual server's. */
  holdingOf(pool: PoolRuntime): Holding | undefined {
    if (pool.holding !== undefined || this.#holdings === undefined) return pool.holding;
    return this.#holdings.get(ownerOf({ server: this.name, pool: pool.settings }));
  }

  /** What connections to members of the pool keep to: those from an address of this virtual server serve no other client. */
  limitsOf(pool: PoolRuntime): ConnectionLimits {
    const { sourceNat } = this.settings;
    if (sourceNat === '' || pool.settings.sourceAddress !== '') return pool.settings;
    let limits = this.#limitsByPool.get(pool);
    if (limits === undefined) {
      limits = { ...pool.settings, sourceAddress: sourceNat, isOfOneClient: true };
      this.#limitsByPool.set(pool, limits);
    }
    return limits;
  }

  /** The next virtual server that serves in the place of this one; one that is not enabled is passed over. */
  standIn(): VirtualServerRuntime | undefined {
    let next = this.backup;
    while (next !== undefined && next.settings.adminState !== 'enabled') next = next.backup;
    return next;
  }

  /** The pool of the first route whose every condition holds; undefined = the default target. */
  route(request: RouteRequest): PoolRuntime | undefined {
    return this.#routes.find((route) => matches(route, request))?.pool;
  }

  /** The pool of the first route for this name of a ClientHello; undefined = the default target. */
  routeByName(serverName: string): PoolRuntime | undefined {
    if (serverName === '') return undefined;
    return this.#routes.find(({ settings }) => settings.sni !== '' && matchesHost(settings.sni, serverName))?.pool;
  }
}

function matches({ settings, regex }: CompiledRoute, request: RouteRequest): boolean {
  if (settings.method !== '' && settings.method !== request.method()) return false;
  if (settings.sni !== '' && !matchesHost(settings.sni, request.sni())) return false;
  if (settings.host !== '' && !matchesHost(settings.host, request.hostName())) return false;
  if (settings.pathPrefix !== '' && !request.path().startsWith(settings.pathPrefix)) return false;
  if (regex !== undefined && !regex.test(request.path())) return false;
  if (settings.header !== undefined) {
    const value = request.find(settings.header.name);
    if (value === undefined) return false;
    if (settings.header.value !== undefined && settings.header.value !== value) return false;
  }
  return true;
}

/** `*.example.com` stands for every name below it. */
function matchesHost(pattern: string, host: string): boolean {
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : host === pattern;
}
