import type { BandwidthSettings, EngineSettings, VirtualServerSettings } from '../config/settings.ts';
import { clientNetwork } from '../persistence/client-network.ts';
import type { TimerWheel } from '../sockets/timer-wheel.ts';
import { Bucket } from './bucket.ts';
import { Meter } from './meter.ts';
import { RequestRate } from './request-rate.ts';

/** Shares of rates by key, and what was asked for of each: 1 = all of it. What is not named is 1 / workers. */
export type Shares = Readonly<Record<string, number>>;

/** So many clients' buckets are kept while none of their connections is open. */
const maxIdleClients = 16_384;

interface ClientBucket {
  readonly bucket: Bucket;
  users: number;
}

/** The limits of a worker. Buckets outlast reloads; a reload changes their rates. */
export class Limits {
  readonly #wheel: TimerWheel;
  readonly #workerCount: number;
  readonly #servers = new Map<string, ServerLimits>();
  #engine: Bucket | undefined;
  #shares: Shares = {};
  #engineRate = 0;

  constructor(wheel: TimerWheel, workerCount: number) {
    this.#wheel = wheel;
    this.#workerCount = workerCount;
  }

  configure(settings: EngineSettings): void {
    this.#engineRate = settings.bandwidth.bytesPerSecond;
    this.#engine = this.bucket('engine', this.#engineRate, this.#engine);
    const names = new Set(settings.virtualServers.map((server) => server.name));
    for (const name of this.#servers.keys()) if (!names.has(name)) this.#servers.delete(name);
    for (const server of settings.virtualServers) {
      const limits = this.#servers.get(server.name) ?? new ServerLimits(this, server.name);
      this.#servers.set(server.name, limits);
      limits.configure(server, settings.bandwidth);
    }
  }

  /** Undefined = nothing limits this virtual server. */
  of(server: string): ServerLimits | undefined {
    const limits = this.#servers.get(server);
    return limits?.isOn === true ? limits : undefined;
  }

  /** Is there a rate that the workers share? */
  get isOn(): boolean {
    return this.#engine !== undefined || [...this.#servers.values()].some((limits) => limits.isOn);
  }

  get engine(): Bucket | undefined {
    return this.#engine;
  }

  shareOf(key: string): number {
    return this.#shares[key] ?? 1 / this.#workerCount;
  }

  /** What the supervisor has leased to this worker from now on. */
  setShares(shares: Shares): void {
    this.#shares = shares;
    this.#engine?.configure(this.#engineRate, this.shareOf('engine'));
    for (const limits of this.#servers.values()) limits.renewShares();
  }

  /** What was asked for since the last call, by key: buckets that all use, and clients for whom it was not enough. */
  readDemand(): Record<string, number> {
    const demand: Record<string, number> = {};
    if (this.#engine !== undefined) readInto(demand, 'engine', this.#engine, true);
    for (const limits of this.#servers.values()) limits.readDemand(demand);
    return demand;
  }

  /** The bucket with this rate: the same one as before where there was one; none without a limit. */
  bucket(key: string, bytesPerSecond: number, before: Bucket | undefined): Bucket | undefined {
    if (bytesPerSecond === 0) return undefined;
    if (before === undefined) return new Bucket(this.#wheel, bytesPerSecond, this.shareOf(key));
    before.configure(bytesPerSecond, this.shareOf(key));
    return before;
  }

  /** Of one connection, and so of one worker: it needs no share. */
  ownBucket(bytesPerSecond: number): Bucket | undefined {
    return bytesPerSecond === 0 ? undefined : new Bucket(this.#wheel, bytesPerSecond);
  }
}

/** What limits the clients of one virtual server. */
export class ServerLimits {
  readonly #limits: Limits;
  readonly #name: string;
  readonly #clients = new Map<string, ClientBucket>();
  #bandwidth: BandwidthSettings = unlimited;
  #engineBandwidth: BandwidthSettings = unlimited;
  #bucket: Bucket | undefined;
  #rate: RequestRate | undefined;

  constructor(limits: Limits, name: string) {
    this.#limits = limits;
    this.#name = name;
  }

  configure(server: VirtualServerSettings, engineBandwidth: BandwidthSettings): void {
    this.#bandwidth = server.bandwidth;
    this.#engineBandwidth = engineBandwidth;
    this.#bucket = this.#limits.bucket(this.#key('server'), server.bandwidth.bytesPerSecond, this.#bucket);
    const { requestRate } = server;
    if (requestRate.perClientPerSecond === 0) this.#rate = undefined;
    else if (this.#rate === undefined) {
      this.#rate = new RequestRate(requestRate, (client) => this.#limits.shareOf(this.#key('rate', client)));
    } else this.#rate.configure(requestRate);
    this.renewShares();
  }

  get isOn(): boolean {
    return this.#rate !== undefined || this.#hasBandwidth;
  }

  /** 0 = the request may pass, else after how many seconds the client may try again. Clients without an address may. */
  takeRequest(clientAddress: string, nowMs: number): number {
    if (this.#rate === undefined || clientAddress === '') return 0;
    return this.#rate.take(RequestRate.keyOf(clientAddress), nowMs);
  }

  /** What a connection of this client pays for its bytes; undefined = nothing. It is closed with the connection. */
  openMeter(clientAddress: string, onPaid: () => void): Meter | undefined {
    if (!this.#hasBandwidth) return undefined;
    const own = least(this.#bandwidth.perConnectionBytesPerSecond, this.#engineBandwidth.perConnectionBytesPerSecond);
    const client = this.#clientBucket(clientAddress);
    const shared = [client?.bucket, this.#bucket, this.#limits.engine].filter((bucket) => bucket !== undefined);
    const afterBytes = this.#bandwidth.afterBytes > 0 ? this.#bandwidth.afterBytes : this.#engineBandwidth.afterBytes;
    return new Meter({ own: this.#limits.ownBucket(own), shared, afterBytes }, onPaid, () => {
      if (client !== undefined) client.users--;
    });
  }

  renewShares(): void {
    const rate = this.#perClient;
    for (const [client, { bucket }] of this.#clients)
      bucket.configure(rate, this.#limits.shareOf(this.#key('client', client)));
    this.#bucket?.configure(this.#bandwidth.bytesPerSecond, this.#limits.shareOf(this.#key('server')));
  }

  readDemand(demand: Record<string, number>): void {
    if (this.#bucket !== undefined) readInto(demand, this.#key('server'), this.#bucket, true);
    for (const [client, { bucket }] of this.#clients) readInto(demand, this.#key('client', client), bucket, false);
    for (const [client, asked] of this.#rate?.readShort() ?? []) demand[this.#key('rate', client)] = asked;
  }

  get #perClient(): number {
    return least(this.#bandwidth.perClientBytesPerSecond, this.#engineBandwidth.perClientBytesPerSecond);
  }

  get #hasBandwidth(): boolean {
    const { bytesPerSecond, perConnectionBytesPerSecond, perClientBytesPerSecond } = this.#bandwidth;
    const engine = this.#engineBandwidth;
    return (
      bytesPerSecond + perConnectionBytesPerSecond + perClientBytesPerSecond > 0 ||
      engine.bytesPerSecond + engine.perConnectionBytesPerSecond + engine.perClientBytesPerSecond > 0
    );
  }

  #clientBucket(address: string): ClientBucket | undefined {
    const rate = this.#perClient;
    if (rate === 0 || address === '') return undefined;
    const client = clientNetwork(address, 32, 64);
    const bucket = this.#limits.bucket(this.#key('client', client), rate, this.#clients.get(client)?.bucket);
    if (bucket === undefined) return undefined;
    const known = this.#clients.get(client) ?? { bucket, users: 0 };
    this.#clients.delete(client);
    this.#clients.set(client, known);
    known.users++;
    if (this.#clients.size > maxIdleClients) this.#forgetIdle();
    return known;
  }

  /** The longest unused whose connections have all ended. */
  #forgetIdle(): void {
    for (const [client, { users }] of this.#clients) {
      if (users > 0) continue;
      this.#clients.delete(client);
      return;
    }
  }

  #key(kind: 'server' | 'client' | 'rate', client = ''): string {
    return `${kind}\n${this.#name}\n${client}`;
  }
}

const unlimited: BandwidthSettings = {
  bytesPerSecond: 0,
  perConnectionBytesPerSecond: 0,
  perClientBytesPerSecond: 0,
  afterBytes: 0,
};

/** The stricter of two limits; 0 = none. */
function least(one: number, other: number): number {
  return one === 0 || other === 0 ? Math.max(one, other) : Math.min(one, other);
}

function readInto(demand: Record<string, number>, key: string, bucket: Bucket, isAlways: boolean): void {
  if (bucket.asked > 0 && (isAlways || bucket.wasShort)) demand[key] = bucket.asked;
  else if (bucket.waitingCount > 0) demand[key] = 1;
  bucket.asked = 0;
  bucket.wasShort = false;
}
