import { constants } from 'node:fs';
import { access, mkdir, readFile } from 'node:fs/promises';
import { AppError } from '../../contract/errors.ts';
import type { EngineConfig, EngineMember } from '../../contract/engine-config.ts';
import type { Health } from '../../contract/model.ts';
import { AcmeKeeper } from '../acme/keeper.ts';
import { orderCertificate } from '../acme/order.ts';
import { formatPath } from '../config/problem.ts';
import { resolveSettings, type EngineSettings } from '../config/settings.ts';
import { loadTlsMaterial, type TlsMaterial } from '../config/tls.ts';
import {
  type Configuration,
  type HeldInPool,
  type ListenerPlan,
  type MemberHealth,
  type PurgeTarget,
} from '../messages.ts';
import { machineTimeUs } from '../cache/key-times.ts';
import { seededChance } from '../runtime/chance.ts';
import { AccessWriter, openLog } from '../log/access-writer.ts';
import { leaseTotals } from '../runtime/lease-names.ts';
import { Discovery } from '../discovery/discovery.ts';
import { EventBus } from './events.ts';
import { HandOvers } from './hand-overs.ts';
import { HealthChecks } from './health-checks.ts';
import { HeldClients } from './held-clients.ts';
import { LeaseDesk } from './lease-desk.ts';
import { LeaseOffice } from './lease-office.ts';
import { LoadShare } from './load-share.ts';
import { bindListener, refusal, type BoundListener } from './listeners.ts';
import { addMember, patchMember, removeMember, type MemberPatch } from './member-changes.ts';
import { News } from './news.ts';
import { PeerDirectory } from './peer-directory.ts';
import { OpenCounts } from './open-counts.ts';
import { OcspStapler } from './ocsp-stapler.ts';
import { TicketKeyRing } from './ticket-keys.ts';
import { describeStatistics, Totals, type EngineStatistics } from './stats.ts';
import { forkWorker, SpareWorker } from './worker-child.ts';
import { WorkerProcess, type Hears } from './worker-process.ts';
import { WorkerWatch } from './worker-watch.ts';

/** Counters of a worker that is killed are lost at most for this long. */
const saveCountersEveryMs = 1000;
/** So often is looked whether a worker hangs; each is asked for its counters meanwhile. */
const watchEveryMs = 500;
/** Parts of limits move between workers this often. */
const moveLeasesEveryMs = 100;
const firstRestartDelayMs = 50;
const longestRestartDelayMs = 5000;

interface Running {
  readonly config: EngineConfig;
  /** The settings as the file has them; in `settings` found members stand in the place of names. */
  readonly written: EngineSettings;
  readonly settings: EngineSettings;
  readonly fallbackBodies: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
  readonly generation: number;
}

interface Slot {
  process: WorkerProcess;
  /** Its counters when last asked: what is left of them if it is killed. */
  saved: Totals;
  restartDelayMs: number;
  /** Workers in this place that have ended by themselves, and those of them that hung. */
  ended: number;
  hung: number;
}

/** PEM texts; `cert` with its chain. */
export interface ReplacedCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface SupervisorOptions {
  readonly workers: number;
  readonly version: string;
  /** Relative paths of the configuration are relative to it. */
  readonly baseDirectory: string;
  /** A process waits to take the place of a worker that ends. Default true. */
  readonly hasSpare?: boolean;
}

/**
 * The engine's own life: holds the listening sockets, runs the workers and the checks, sums what is counted, and takes
 * changes one after another, each wholly or not at all.
 */
export class Supervisor {
  readonly events = new EventBus();
  readonly #options: SupervisorOptions;
  readonly #slots: Slot[] = [];
  readonly #listeners = new Map<string, BoundListener>();
  readonly #checks: HealthChecks;
  readonly #held: HeldClients;
  readonly #share: LoadShare;
  readonly #office: LeaseOffice;
  readonly #discovery: Discovery;
  readonly #ended = new Totals();
  readonly #news = new News(this.events);
  readonly #log = new AccessWriter((detail) => {
    this.events.emit('log-failed', { detail });
  });
  readonly #ticketKeys = new TicketKeyRing((keys) => {
    for (const slot of this.#slots) slot.process.tell({ type: 'ticket-keys', keys });
  });
  readonly #stapler = new OcspStapler(
    (answers) => {
      for (const slot of this.#slots) slot.process.tell({ type: 'ocsp', answers });
    },
    (certificate, reason) => {
      this.events.emit('certificate', { certificate, change: 'ocsp-failed', reason });
    },
  );
  readonly #acme = new AcmeKeeper({
    now: Date.now,
    setTimer: (work, waitMs) => {
      const timer = setTimeout(work, waitMs).unref();
      return () => {
        clearTimeout(timer);
      };
    },
    chance: seededChance(0, 0),
    order: orderCertificate,
    answer: (answers) => this.#everyWorker((worker) => worker.ask({ type: 'acme-answers', answers })),
    onIssued: () => this.#inTurn(() => this.#apply(this.config, 'certificate')),
    tell: (certificate, change, about) => {
      this.events.emit('certificate', { certificate, change, ...about });
    },
  });
  /** Put over the admin interface; the next reload of the file undoes them. */
  #replacedCertificates: ReadonlyMap<string, ReplacedCertificate> = new Map();
  readonly #epoch = `${process.pid}-${Date.now()}`;
  readonly #startedAt = new Date().toISOString();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #leases: LeaseDesk;
  readonly #peerDirectory: PeerDirectory;
  readonly #spare = new SpareWorker();
  readonly #hasSpare: boolean;
  readonly #openCounts: OpenCounts | undefined;
  readonly #handOvers = new HandOvers((index) => this.#slots[index]?.process);
  #running: Running | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #isFinishing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#hasSpare = options.hasSpare ?? true;
    this.#peerDirectory = new PeerDirectory(options.workers);
    if (options.workers > 1) {
      this.#openCounts = new OpenCounts(options.workers, (counts) => {
        for (const slot of this.#slots) slot.process.tell({ type: 'open-counts', counts });
      });
    }
    this.#office = new LeaseOffice(options.workers, (worker, message) => {
      this.#slots[worker]?.process.tell(message);
    });
    this.#held = new HeldClients(options.workers, (worker, replies) => {
      this.#slots[worker]?.process.tell({ type: 'held-replies', replies });
    });
    this.#share = new LoadShare(() => this.#slots.map((slot) => slot.process), this.#held);
    this.#leases = new LeaseDesk(
      Array.from({ length: options.workers }, (_, index) => ({
        // A worker that has ended keeps to nothing; the next one begins with equal parts.
        setShares: (shares) =>
          this.#slots[index]?.process.ask({ type: 'shares', shares }).catch(() => undefined) ?? Promise.resolve(),
      })),
    );
    this.#checks = new HealthChecks(
      (change) => {
        this.#onHealth(change);
      },
      seededChance(0, 0),
    );
    this.#discovery = new Discovery(
      () => void this.#inTurn(() => this.#applyFound()),
      (news) => {
        this.events.emit('discovery', { ...news });
      },
    );
  }

  /** Starts the workers, then listens. Throws what `apply` throws; nothing is left running then. */
  async start(config: EngineConfig): Promise<void> {
    try {
      for (let index = 0; index < this.#options.workers; index++) this.#slots.push(this.#startWorker(index));
      await Promise.all(this.#slots.map((slot) => slot.process.started()));
      await this.apply(config, 'start');
    } catch (error) {
      this.kill();
      throw error;
    }
    if (this.#hasSpare) this.#spare.prepare();
    this.#timers.push(setInterval(() => void this.#saveCounters(), saveCountersEveryMs).unref());
    const watch = new WorkerWatch(performance.now());
    this.#timers.push(
      setInterval(() => {
        this.#endHanging(watch);
      }, watchEveryMs).unref(),
    );
    if (this.#options.workers > 1) {
      this.#timers.push(setInterval(() => void this.#leases.turn(performance.now()), moveLeasesEveryMs).unref());
    }
  }

  get config(): EngineConfig {
    return this.#now.config;
  }

  get settings(): EngineSettings {
    return this.#now.settings;
  }

  get pids(): readonly number[] {
    return this.#slots.map((slot) => slot.process.pid);
  }

  /** Where each virtual server listens, ports chosen. */
  addresses(): ReadonlyMap<string, readonly string[]> {
    const addresses = new Map<string, string[]>();
    for (const plan of this.#plans(this.settings)) {
      addresses.set(plan.server, [...(addresses.get(plan.server) ?? []), plan.address]);
    }
    return addresses;
  }

  /** Runs a checked configuration, wholly or not at all. Throws ADDRESS_IN_USE, PERMISSION_DENIED, NOT_FOUND. */
  apply(config: EngineConfig, cause: string): Promise<void> {
    return this.#inTurn(() => this.#apply(config, cause));
  }

  /** Changes a member at run time; the next reload of the file undoes it. */
  patchMember(pool: string, member: string, patch: MemberPatch): Promise<void> {
    return this.#inTurn(async () => {
      await this.#apply(patchMember(this.config, pool, member, patch), 'patch');
      this.events.emit('member', { pool, member, change: 'changed', ...patch });
    });
  }

  addMember(pool: string, member: EngineMember): Promise<void> {
    return this.#inTurn(async () => {
      await this.#apply(addMember(this.config, pool, member), 'add');
      this.events.emit('member', { pool, member: member.name, change: 'added' });
    });
  }

  /**
   * Runs with this certificate in the place of the files of `name`, until the next reload of the file. Throws NOT_FOUND,
   * CERTIFICATE_INVALID; nothing is changed then.
   */
  putCertificate(name: string, certificate: ReplacedCertificate): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.settings.virtualServers.flatMap(({ tls }) => tls?.certificates ?? []).map((each) => each.name);
      if (!known.includes(name)) {
        const list = known.length === 0 ? 'none' : [...new Set(known)].join(', ');
        throw new AppError('NOT_FOUND', `There is no certificate "${name}". There are: ${list}.`);
      }
      const before = this.#replacedCertificates;
      this.#replacedCertificates = new Map([...before, [name, certificate]]);
      try {
        await this.#apply(this.config, 'certificate');
      } catch (error) {
        this.#replacedCertificates = before;
        throw error;
      }
      this.events.emit('certificate', { certificate: name, change: 'replaced' });
    });
  }

  /** Removes a member. `mustCut` ends what runs on it; else APPLY_PARTIAL is never half done: it throws while it has connections. */
  removeMember(pool: string, member: string, mustCut: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const removed = removeMember(this.config, pool, member);
      const { config } = this;
      if (mustCut) {
        await this.#apply(patchMember(config, pool, member, { adminState: 'disabled' }), 'remove');
        await this.#everyWorker((worker) => worker.ask({ type: 'cut', pool, member }));
      } else {
        const current = (await this.statistics()).pools.find((each) => each.name === pool);
        const count = current?.members.find((each) => each.name === member)?.currentConnections ?? 0;
        if (count > 0) {
          throw new AppError(
            'LOCK_HELD',
            `The member "${member}" of "${pool}" has ${count} connections. Drain it first, or remove it with ?force to cut them.`,
          );
        }
      }
      await this.#apply(removed, 'remove');
      this.events.emit('member', { pool, member, change: 'removed' });
    });
  }

  get baseDirectory(): string {
    return this.#options.baseDirectory;
  }

  /** Where a client is held, by pool: an address, or the key that the pool knows it by. `mustForget` releases it everywhere. */
  async heldClient(client: string, mustForget: boolean): Promise<readonly HeldInPool[]> {
    const nothing = { answers: [], changes: [] };
    await this.#everyWorker((worker) => worker.ask({ type: 'settle-held', replies: nothing }));
    const held = this.#held.look(client);
    if (!mustForget) return held;
    const changes = this.#held.forget(client);
    await this.#everyWorker((worker) => worker.ask({ type: 'settle-held', replies: { answers: [], changes } }));
    return held;
  }

  /** Removes stored responses from every worker's cache; answers how many. A worker that ends now holds none any more. */
  async purgeCache(what: PurgeTarget): Promise<number> {
    const count = await this.#purgeEach(what);
    // Meanwhile one worker may have given another what it has only now removed itself; a URL it knows to be forgotten.
    const isSharedByTag = what.tag !== undefined && this.#options.workers > 1;
    return isSharedByTag ? count + (await this.#purgeEach(what)) : count;
  }

  async #purgeEach(what: PurgeTarget): Promise<number> {
    const atUs = machineTimeUs();
    const counts = await Promise.all(
      this.#slots.map(({ process: worker }) =>
        worker.purge(what, atUs).catch((error: unknown) => {
          if (error instanceof AppError && error.code === 'SESSION_CLOSED') return 0;
          throw error;
        }),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async statistics(): Promise<EngineStatistics> {
    const totals = new Totals();
    merge(totals, this.#ended);
    const snapshots = await Promise.all(
      this.#slots.map((slot) => slot.process.snapshot().catch(() => slot.saved)), // a worker that ends now: what was saved of it
    );
    for (const snapshot of snapshots) {
      if (snapshot instanceof Totals) merge(totals, snapshot);
      else totals.add(snapshot, true);
    }
    const identity = {
      epoch: this.#epoch,
      pid: process.pid,
      version: this.#options.version,
      startedAt: this.#startedAt,
      generation: this.#now.generation,
      workers: this.#slots.map(({ process: { index, pid }, ended, hung }) => ({ index, pid, ended, hung })),
    };
    const accessLog = this.settings.log.access === 'none' ? undefined : this.#log.counts;
    const whole = { ...identity, ...(accessLog === undefined ? {} : { accessLog }) };
    return describeStatistics(whole, this.settings, this.addresses(), totals, this.#checks, this.#held);
  }

  /** No new connections; resolves when the last has ended and the workers are gone. */
  async finish(): Promise<void> {
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    this.events.emit('finishing', {});
    const longest = 2_147_483_647;
    await this.#everyWorker((worker) => worker.ask({ type: 'finish' }, undefined, longest).catch(() => undefined)); // killed meanwhile: gone as well
    await this.#log.close();
    this.kill();
  }

  /** Ends everything at once. */
  kill(): void {
    this.#isFinishing = true;
    this.#share.close();
    for (const timer of this.#timers) clearInterval(timer);
    this.#checks.close();
    this.#discovery.close();
    this.#ticketKeys.close();
    this.#stapler.close();
    this.#acme.close();
    for (const slot of this.#slots) slot.process.kill();
    this.#peerDirectory.close();
    this.#spare.close();
    this.#openCounts?.close();
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
  }

  get #now(): Running {
    if (this.#running === undefined) throw new AppError('INTERNAL', 'The engine has no configuration yet.');
    return this.#running;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined); // the caller has it; the next change does not
    return done;
  }

  async #apply(config: EngineConfig, cause: string): Promise<void> {
    const written = resolveSettings(config, this.#options.baseDirectory);
    await this.#discovery.follow(written);
    const settings = this.#discovery.expand(written);
    const fallbackBodies = await readFallbacks(settings);
    await makeCacheFolders(settings);
    const replaced = cause === 'reload' ? new Map<string, ReplacedCertificate>() : this.#replacedCertificates;
    const tls = this.#loadTls(config, new Map([...(await this.#acme.prepare(settings)), ...replaced]));
    const before = this.#running;
    const log = settings.log.access === 'none' ? undefined : await openLog(settings.log.file);
    const opened = await this.#open(settings).catch(async (error: unknown) => {
      await log?.handle.close();
      throw error;
    });
    this.#ticketKeys.configure(settings);
    const running = { config, written, settings, fallbackBodies, tls, generation: (before?.generation ?? 0) + 1 };
    try {
      this.#held.prepare(settings);
      this.#office.configure(leaseTotals(settings));
      await this.#everyWorker((worker) => this.#configure(worker, running));
      await this.#everyWorker((worker) => this.#handOver(worker, opened));
    } catch (error) {
      if (before !== undefined) {
        this.#office.configure(leaseTotals(before.settings));
        this.#discovery.keepOnly(before.written);
        await this.#everyWorker((worker) => this.#configure(worker, before));
      }
      await this.#close(opened);
      await log?.handle.close();
      throw error;
    }
    this.#running = running;
    await this.#log.use(log);
    this.#discovery.keepOnly(written);
    this.#replacedCertificates = replaced;
    this.#stapler.configure(settings, tls);
    this.#acme.configure(settings, cause === 'reload');
    this.#held.keepOnly(settings);
    this.#share.configure(settings);
    this.#checks.configure(settings);
    const kept = new Set(listenKeys(settings).map(({ key }) => key));
    await this.#close([...this.#listeners.values()].filter((listener) => !kept.has(listener.key)));
    this.events.emit('config', { generation: running.generation, cause });
    this.#tellExpired(tls);
  }

  /** Files that were right when the configuration was checked may not be any more. */
  #loadTls(config: EngineConfig, replaced: ReadonlyMap<string, ReplacedCertificate>): TlsMaterial {
    const { material, problems } = loadTlsMaterial(config, this.#options.baseDirectory, replaced);
    const [first] = problems;
    if (first !== undefined) {
      const { path, what, why, remedy } = first;
      throw new AppError('CERTIFICATE_INVALID', `${formatPath(path)}: ${what}, ${why}, ${remedy}.`);
    }
    return material;
  }

  /** An expired certificate still serves: clients that do not look are better off than with nothing. */
  #tellExpired(tls: TlsMaterial): void {
    for (const { certificates } of Object.values(tls.servers)) {
      for (const { name, notAfter, notAfterMs } of certificates) {
        if (notAfterMs < Date.now())
          this.events.emit('certificate', { certificate: name, change: 'expired', notAfter });
      }
    }
  }

  /** DNS named other members than before. What a worker cannot take now comes with the next answer. */
  async #applyFound(): Promise<void> {
    if (this.#isFinishing || this.#running === undefined) return;
    await this.#apply(this.#running.config, 'discovery').catch((error: unknown) => {
      this.events.emit('discovery', { problem: error instanceof Error ? error.message : String(error) });
    });
  }

  /** Binds what is not bound yet; all of it or nothing. */
  async #open(settings: EngineSettings): Promise<BoundListener[]> {
    const opened: BoundListener[] = [];
    try {
      for (const { key, text, transport } of listenKeys(settings)) {
        if (this.#listeners.has(key)) continue;
        const listener = await bindListener(key, text, this.#options.workers, transport);
        opened.push(listener);
        this.#listeners.set(key, listener);
      }
    } catch (error) {
      await this.#close(opened);
      throw error;
    }
    return opened;
  }

  async #close(listeners: readonly BoundListener[]): Promise<void> {
    for (const { key, close } of listeners) {
      this.#listeners.delete(key);
      await this.#everyWorker((worker) => worker.ask({ type: 'unlisten', key }));
      close();
    }
  }

  #configure(worker: WorkerProcess, running: Running): Promise<void> {
    const configuration: Configuration = {
      generation: running.generation,
      settings: running.settings,
      fallbackBodies: running.fallbackBodies,
      tls: running.tls,
      ticketKeys: this.#ticketKeys.keys(),
      ocsp: this.#stapler.answers(),
      acmeAnswers: this.#acme.answers(),
      health: this.#checks.states(),
      listeners: this.#plans(running.settings),
    };
    return worker.ask({
      type: 'configure',
      configuration,
      workerIndex: worker.index,
      workerCount: this.#options.workers,
      isReplacement: worker.isReplacement,
      peerDirectory: this.#peerDirectory.path,
      leases: { totals: this.#office.totals, grants: this.#office.grantsOf(worker.index) },
    });
  }

  async #handOver(worker: WorkerProcess, listeners: Iterable<BoundListener>): Promise<void> {
    for (const { key, address, handleOf } of listeners) {
      await worker.ask({ type: 'listen', key }, handleOf(worker.index)).catch((error: unknown) => {
        throw error instanceof AppError && error.code === 'INTERNAL' ? refusal(address, error.detail) : error;
      });
    }
  }

  #plans(settings: EngineSettings): ListenerPlan[] {
    return listenKeys(settings).map(({ key, text, server, transport }) => ({
      key,
      server,
      transport,
      address: this.#listeners.get(key)?.address ?? text,
    }));
  }

  /** On every worker that runs; one that ends meanwhile gets everything when it is started again. */
  async #everyWorker(work: (worker: WorkerProcess) => Promise<unknown>): Promise<void> {
    const running = this.#slots.map((slot) => slot.process).filter((worker) => !worker.isEnded);
    await Promise.all(
      running.map((worker) =>
        work(worker).catch((error: unknown) => {
          if (!(error instanceof AppError && error.code === 'SESSION_CLOSED')) throw error;
        }),
      ),
    );
  }

  #startWorker(index: number): Slot {
    const slot: Slot = {
      process: this.#fork(index, false),
      saved: new Totals(),
      restartDelayMs: firstRestartDelayMs,
      ended: 0,
      hung: 0,
    };
    return slot;
  }

  #fork(index: number, isReplacement: boolean): WorkerProcess {
    const hears: Hears = {
      onInFlight: (load) => {
        this.#share.setLoad(index, load);
      },
      onMemberFailed: ({ pool, member, change, reason }) => {
        this.events.emit('member', { pool, member, change, reason });
      },
      onLog: (batch) => {
        const worker = this.#slots[index]?.process;
        this.#log.add(batch, () => worker?.tell({ type: 'log-written', bytes: batch.bytes }));
      },
      onLeaseNews: (news) => {
        this.#office.receive(index, news);
      },
      onHungry: (keys) => {
        this.#office.setHungry(index, keys);
      },
      onHeldNews: (news) => {
        this.#held.receive(index, news);
      },
      onOpenCount: (count) => {
        this.#openCounts?.set(index, count);
      },
      onHandOver: ({ to, key }, handle) => {
        this.#handOvers.give(to, index, key, handle);
      },
      onTaken: (id, isTaken) => {
        this.#handOvers.answered(id, isTaken);
      },
      onCacheForget: (news) => {
        for (const { process: worker } of this.#slots) if (worker.index !== index) worker.tell(news);
      },
      onDemand: (demand) => {
        this.#leases.hear(index, demand, performance.now());
      },
      onEnd: () => {
        this.#onWorkerEnd(index);
      },
    };
    const spare = isReplacement && this.#hasSpare ? this.#spare.take() : undefined;
    return new WorkerProcess(index, isReplacement, hears, spare ?? forkWorker());
  }

  /** What hangs does not end by itself: it is killed, and replaced as any that ends. */
  #endHanging(watch: WorkerWatch): void {
    const { workerTimeoutMs } = this.settings;
    const workers = this.#slots.map((slot) => slot.process);
    const hanging = watch.look(workers, this.#isFinishing ? 0 : workerTimeoutMs, performance.now());
    for (const slot of this.#slots) {
      const { process: worker } = slot;
      if (!hanging.includes(worker)) continue;
      slot.hung++;
      this.events.emit('worker', { worker: worker.index, pid: worker.pid, change: 'hung', silentMs: workerTimeoutMs });
      worker.kill();
    }
  }

  /** A worker that ended by itself is started again: the listening sockets have stayed open here meanwhile. */
  #onWorkerEnd(index: number): void {
    const slot = this.#slots[index];
    if (slot === undefined || this.#isFinishing || this.#running === undefined) return;
    slot.ended++;
    this.events.emit('worker', { worker: index, pid: slot.process.pid, change: 'ended' });
    merge(this.#ended, slot.saved, false);
    slot.saved = new Totals();
    this.#office.onEnded(index);
    this.#openCounts?.ended(index);
    this.#handOvers.ended(slot.process);
    this.#share.setLoad(index, undefined);
    const delayMs = slot.restartDelayMs;
    slot.restartDelayMs = Math.min(delayMs * 2, longestRestartDelayMs);
    setTimeout(() => void this.#restart(slot, index), delayMs);
  }

  async #restart(slot: Slot, index: number): Promise<void> {
    if (this.#isFinishing) return;
    // It will keep to equal parts: the others have to before it begins.
    await this.#leases.reset();
    slot.process = this.#fork(index, true);
    try {
      await slot.process.started();
      await this.#inTurn(async () => {
        await this.#configure(slot.process, this.#now);
        await this.#handOver(slot.process, this.#listeners.values());
      });
      this.events.emit('worker', { worker: index, pid: slot.process.pid, change: 'started' });
      setTimeout(() => {
        slot.restartDelayMs = firstRestartDelayMs;
      }, longestRestartDelayMs).unref();
    } catch {
      // It ended again (`onEnd` tries anew) or does not answer: then it is ended for that.
      slot.process.kill();
    }
  }

  #onHealth(change: MemberHealth & { readonly health: Health; readonly result: string }): void {
    const { health, result, ...state } = change;
    const changes = [state];
    for (const slot of this.#slots) slot.process.tell({ type: 'health', changes });
    this.events.emit('health', { ...state, health, result });
  }

  async #saveCounters(): Promise<void> {
    const snapshots = await Promise.all(
      this.#slots.map(async (slot) => {
        const worker = slot.process;
        if (worker.isEnded) return undefined;
        const snapshot = await worker.snapshot().catch(() => undefined); // ended meanwhile: the last one stands
        if (snapshot === undefined || slot.process !== worker) return undefined;
        slot.saved = new Totals();
        slot.saved.add(snapshot, false);
        return snapshot;
      }),
    );
    this.#news.look(
      snapshots.filter((snapshot) => snapshot !== undefined),
      this.settings,
      this.#checks,
    );
  }
}

/** Every address with a key that a reload finds again. */
function listenKeys(settings: EngineSettings) {
  return settings.virtualServers.flatMap((server) => {
    const transport = server.protocol === 'udp' ? ('udp' as const) : ('tcp' as const);
    return server.listen.map((text, index) => ({
      key: `${transport} ${text}${text.endsWith(':0') ? ` ${server.name} ${index}` : ''}`,
      text,
      server: server.name,
      transport,
    }));
  });
}

/** Workers keep cached files there: that it cannot be written to is said before anything changes. */
async function makeCacheFolders(settings: EngineSettings): Promise<void> {
  for (const { name, cache } of settings.virtualServers) {
    if (cache === undefined || cache.diskPath === '') continue;
    try {
      await mkdir(cache.diskPath, { recursive: true, mode: 0o700 });
      await access(cache.diskPath, constants.W_OK);
    } catch (error) {
      throw new AppError(
        'PERMISSION_DENIED',
        `The cache folder "${cache.diskPath}" of the virtual server "${name}" cannot be written to. Mend cache.diskPath.`,
        { cause: error },
      );
    }
  }
}

async function readFallbacks(settings: EngineSettings): Promise<Record<string, string>> {
  const bodies: Record<string, string> = {};
  for (const pool of settings.pools) {
    const path = pool.fallback?.bodyFile ?? '';
    if (path === '') continue;
    bodies[pool.name] = await readFile(path, 'utf8').catch((error: unknown) => {
      throw new AppError(
        'NOT_FOUND',
        `The fallback file "${path}" of the pool "${pool.name}" cannot be read. Mend fallback.bodyFile.`,
        { cause: error },
      );
    });
  }
  return bodies;
}

function merge(into: Totals, from: Totals, hasCurrent = false): void {
  into.add(
    {
      members: fromEntries(from.members, (each) => ({ ...each, inFlight: each.gauge })),
      pools: fromEntries(from.pools, (each) => ({ counters: each.counters, queued: each.gauge })),
      servers: fromEntries(from.servers, (each) => ({ counters: each.counters, connections: each.gauge })),
      caches: fromEntries(from.caches, (each) => each),
    },
    hasCurrent,
  );
}

function fromEntries<In, Out>(map: ReadonlyMap<string, In>, change: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries([...map].map(([key, value]) => [key, change(value)]));
}
