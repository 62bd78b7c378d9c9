import type { WorkerShare } from './cache/caches.ts';
import type { EngineSettings } from './config/settings.ts';
import { AccessLog } from './log/access-log.ts';
import { openConnection } from './l4/open-connection.ts';
import { UdpListener } from './l4/udp-listener.ts';
import { takeHealth } from './l4/member-down.ts';
import type { ListenerPlan, MemberFailure, ToSupervisor, ToWorker } from './messages.ts';
import { HeldTables } from './persistence/held-tables.ts';
import { Beat } from './runtime/beat.ts';
import { seededChance } from './runtime/chance.ts';
import { WorkerContext } from './runtime/context.ts';
import { ConnectionSpread, mostSpread } from './runtime/connection-spread.ts';
import { add, S } from './runtime/counters.ts';
import { serve, type Listener } from './runtime/listener.ts';
import { tickMs } from './runtime/rate-window.ts';
import { Leases, noLease } from './runtime/leases.ts';
import { Tables } from './runtime/tables.ts';
import { chooseAcceptance, createAcceptor, openHandle, type Acceptance, type Attach } from './sockets/accept.ts';
import type { AcceptedHandle } from './sockets/handles.ts';
import type { ByteReader } from './sockets/byte-reader.ts';
import { testRawConnect } from './sockets/raw-connect.ts';
import type { ByteSocket } from './sockets/raw-socket.ts';
import type { Socket } from 'node:net';

/**
 * A worker's entry: started by the supervisor with an IPC channel, ends when told or when the channel closes. It owns the
 * data path; all it knows comes in messages.
 */

/** How often a worker tells what it has in flight, so that the others' view is at most 20 ms old. */
const inFlightEveryMs = 10;
/** How often it tells how many connections it has, where there are few. */
const openCountEveryMs = 50;
/** How often it tells what it would need of the limits that all workers share. */
const demandEveryMs = 100;

interface OpenListener extends Listener {
  readonly key: string;
  /** Takes nothing new any more; what runs goes on. */
  stop: () => void;
}

const context = new WorkerContext();
const listeners = new Map<string, OpenListener>();
let plans: ReadonlyMap<string, ListenerPlan> = new Map();
let tables: Tables | undefined;
let held: HeldTables | undefined;
let leases: Leases | undefined;
let share: WorkerShare = { index: 0, count: 1 };
let acceptance: Acceptance = 'events';
/** Undefined = this worker is alone. */
let spread: ConnectionSpread | undefined;
const inFlightBeat = new Beat(inFlightEveryMs, tellInFlight);
const demandBeat = new Beat(demandEveryMs, tellDemand);
const windowBeat = new Beat(tickMs, () => tables?.tickWindows());
const openCountBeat = new Beat(openCountEveryMs, tellOpenCount);
let lastOpenCount = -1;
let lastInFlight = '';
let lastHungry = '';
const toldFailures = new Set<string>();

context.onMemberFailed = tellMemberFailure;
context.start();
// Signals go to the whole group: the supervisor alone decides what they mean.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => {
  process.exit(0);
});
// The channel carries what the supervisor sends, typed on its side.
process.on('message', (message: ToWorker, handle?: unknown) => {
  receive(message, handle);
});
acceptance = await chooseAcceptance(1000);
context.canConnectRaw = acceptance === 'raw' && (await testRawConnect(1000));
tell({ type: 'started', acceptance });

function receive(message: ToWorker, handle: unknown): void {
  switch (message.type) {
    case 'configure':
      share = { index: message.workerIndex, count: message.workerCount, peerDirectory: message.peerDirectory };
      held ??= new HeldTables(
        (news) => {
          tell({ type: 'held-news', news });
        },
        message.workerCount === 1 && !message.isReplacement,
      );
      leases ??= new Leases(
        (news) => {
          tell({ type: 'lease-news', news });
        },
        message.workerCount,
        { usedOf, isWanted: (key) => tables?.hungry().includes(key) ?? false },
      );
      leases.configure(message.leases.totals, message.leases.grants);
      tables ??= new Tables(
        seededChance(message.configuration.settings.seed, message.workerIndex),
        share,
        held,
        context,
        leases,
      );
      tables.caches.onInvalid = tellInvalid;
      configure(tables, message);
      if (message.workerCount > 1) {
        inFlightBeat.set(tables.tellsLoad);
        demandBeat.set(tables.limits.isOn);
        spread ??= new ConnectionSpread(message.workerIndex);
        openCountBeat.set(true);
      }
      windowBeat.set(tables.hasWindows);
      tell({ type: 'done', id: message.id });
      break;
    case 'listen':
      listen(message.id, message.key, handle);
      break;
    case 'unlisten':
      listeners.get(message.key)?.stop();
      listeners.delete(message.key);
      tell({ type: 'done', id: message.id });
      break;
    case 'ocsp':
      tables?.setStaples(message.answers);
      break;
    case 'acme-answers':
      context.setAcmeAnswers(message.answers);
      tell({ type: 'done', id: message.id });
      break;
    case 'ticket-keys':
      tables?.setTicketKeys(message.keys);
      break;
    case 'health':
      if (tables !== undefined) takeHealth(tables, message.changes, listeners.values());
      break;
    case 'remote-in-flight':
      tables?.setRemoteLoad(message.load);
      break;
    case 'lease':
      takeLeases(message);
      break;
    case 'sessions':
      tables?.setSessions(message.counts);
      break;
    case 'shares':
      tables?.limits.setShares(message.shares);
      tell({ type: 'done', id: message.id });
      break;
    case 'log-written':
      context.accessLog?.written(message.bytes);
      break;
    case 'stats':
      tell({ type: 'stats', id: message.id, snapshot: snapshot() });
      break;
    case 'held-replies':
      held?.receive(message.replies);
      break;
    case 'settle-held':
      held?.receive(message.replies);
      held?.report();
      tell({ type: 'done', id: message.id });
      break;
    case 'purge':
      tell({ type: 'purged', id: message.id, count: tables?.caches.purge(message.what, message.atUs) ?? 0 });
      break;
    case 'open-counts':
      spread?.setCounts(message.counts);
      break;
    case 'take':
      take(message, handle as AcceptedHandle); // what comes beside this message
      break;
    case 'cache-forget':
      tables?.caches.forget(message.server, message.key, message.atUs);
      break;
    case 'cut':
      cut(message.pool, message.member);
      tell({ type: 'done', id: message.id });
      break;
    case 'finish':
      finish(message.id);
      break;
  }
}

function configure(target: Tables, message: Extract<ToWorker, { type: 'configure' }>): void {
  target.configure(message.configuration);
  context.setAcmeAnswers(message.configuration.acmeAnswers);
  configureLog(message.configuration.settings);
  plans = new Map(message.configuration.listeners.map((plan) => [plan.key, plan]));
  for (const listener of listeners.values()) {
    const server = target.servers.get(plans.get(listener.key)?.server ?? '');
    if (server !== undefined) serve(listener, server);
  }
}

function listen(id: number, key: string, handle: unknown): void {
  const plan = plans.get(key);
  const server = tables?.servers.get(plan?.server ?? '');
  if (plan === undefined || server === undefined) {
    tell({ type: 'done', id, error: 'no such listener' });
    return;
  }
  const connections: Listener['connections'] = new Set();
  const listener: OpenListener = {
    ...serve({ address: plan.address, connections }, server),
    key,
    stop: () => undefined,
  };
  if (plan.transport === 'udp') {
    listenUdp(id, listener, handle);
    return;
  }
  const { server: tcp, start } = createAcceptor((attach, attachSocket, accepted) => {
    const to = accepted === undefined ? undefined : spread?.choose(openCount(), performance.now());
    if (to === undefined || accepted === undefined) admit(listener, attach, attachSocket);
    else handOver(to, key, accepted);
  }, acceptance);
  listener.stop = () => tcp.close();
  tcp.on('error', (error: NodeJS.ErrnoException) => {
    tell({ type: 'done', id, error: error.code ?? error.message });
  });
  tcp.listen(handle, () => {
    start();
    listeners.set(key, listener);
    tell({ type: 'done', id });
  });
}

function listenUdp(id: number, listener: OpenListener, handle: unknown): void {
  function isFull(): boolean {
    const { settings, lease: name } = listener.server;
    if (settings.connectionLimit === 0) return false;
    const lease = leases?.of(name) ?? noLease;
    if (connectionsOf(settings.name) < lease.limit) return false;
    // A client whose datagram is lost sends it again: there may be room then.
    leases?.borrow([lease], () => undefined);
    return true;
  }
  const udp = new UdpListener(context, listener, { handle, share, isFull }, () => {
    listeners.set(listener.key, listener);
    tell({ type: 'done', id });
  });
  listener.stop = () => {
    udp.stop();
  };
}

/** Nothing changes without a connection: the next one starts the beat. */
function tellOpenCount(): void {
  const count = Math.min(openCount(), mostSpread);
  if (count !== lastOpenCount) {
    lastOpenCount = count;
    tell({ type: 'open-count', count });
  } else if (count === 0) openCountBeat.set(false);
}

function openCount(): number {
  let open = 0;
  for (const { connections } of listeners.values()) open += connections.size;
  return open;
}

function handOver(to: number, key: string, handle: AcceptedHandle): void {
  const message: ToSupervisor = { type: 'hand-over', to, key };
  // Node knows its own handles, its types name net.Server and net.Socket only.
  process.send?.(message, handle as never, {}, () => {
    handle.close();
  });
}

/** A connection that another worker has accepted. */
function take({ id, key }: Extract<ToWorker, { type: 'take' }>, handle: AcceptedHandle): void {
  const listener = listeners.get(key);
  tell({ type: 'taken', id, isTaken: listener !== undefined });
  if (listener === undefined) handle.close();
  else
    openHandle(handle, acceptance, (attach, attachSocket) => {
      admit(listener, attach, attachSocket);
    });
}

/** What reads a connection that is closed at once. */
const deaf: ByteReader = { readBuffer: () => context.readBuffer, onBytes: () => false };

/** A virtual server that drains or is disabled takes no new connection, nor does one at its limit. */
function admit(listener: Listener, attach: Attach<ByteSocket>, attachSocket: Attach<Socket>): void {
  if (spread !== undefined) openCountBeat.set(true);
  const { settings, counters } = listener.server;
  function refuse(): void {
    attach(deaf).destroy();
  }
  if (settings.adminState !== 'enabled') {
    refuse();
    return;
  }
  const lease = leases?.of(listener.server.lease) ?? noLease;
  if (settings.connectionLimit === 0 || connectionsOf(settings.name) < lease.limit) {
    openConnection(context, listener, attach, attachSocket);
    return;
  }
  function decide(isGranted: boolean): void {
    if (isGranted) openConnection(context, listener, attach, attachSocket);
    else {
      add(counters, S.connectionLimit, 1);
      refuse();
    }
  }
  if (leases?.borrow([lease], decide) !== true) decide(false);
}

function connectionsOf(server: string): number {
  let open = 0;
  for (const each of listeners.values()) if (each.server.name === server) open += each.connections.size;
  return open;
}

function usedOf(key: string): number {
  const [kind = '', name = ''] = key.split('\n');
  return kind === 'server' ? connectionsOf(name) : (tables?.usedOf(key) ?? 0);
}

function takeLeases({ grants, answer, recall, owed }: Extract<ToWorker, { type: 'lease' }>): void {
  if (grants !== undefined) leases?.grant(grants);
  if (answer !== undefined) leases?.answer(answer.id, answer.key);
  if (recall !== undefined) leases?.recall(recall.id, recall.keys);
  if (owed !== undefined) leases?.setOwed(owed);
  if (grants !== undefined) tables?.wake();
}

function cut(pool: string, name: string): void {
  const member = tables?.member(pool, name);
  if (member === undefined) return;
  for (const listener of listeners.values()) for (const connection of listener.connections) connection.cut(member);
}

function snapshot() {
  return tables?.snapshot(listeners.values()) ?? { members: {}, pools: {}, servers: {}, caches: {} };
}

/** The same failure of the same member is told once in ten seconds. */
function tellMemberFailure(member: object, change: MemberFailure, reason: string): void {
  const pool = tables?.poolOf(member);
  const { name } = member as { readonly name: string }; // a MemberRuntime, which `poolOf` found
  if (pool === undefined) return;
  const key = `${pool}\n${name}\n${reason}`;
  if (toldFailures.has(key)) return;
  toldFailures.add(key);
  setTimeout(() => toldFailures.delete(key), 10_000).unref();
  tell({ type: 'member-failed', pool, member: name, change, reason });
}

function tellInFlight(): void {
  if (tables === undefined) return;
  const keys = tables.hungry();
  const hungry = keys.join();
  if (hungry !== lastHungry) tell({ type: 'hungry', keys });
  lastHungry = hungry;
  const load = tables.load();
  const text = JSON.stringify(load);
  if (text === lastInFlight) return;
  lastInFlight = text;
  tell({ type: 'in-flight', load });
}

function tellDemand(): void {
  const demand = tables?.limits.readDemand() ?? {};
  if (Object.keys(demand).length > 0) tell({ type: 'demand', demand });
}

function tellInvalid(server: string, key: string, atUs: number): void {
  if (share.count > 1) tell({ type: 'cache-forget', server, key, atUs });
}

function configureLog({ log, seed }: EngineSettings): void {
  if (log.access === 'none') {
    context.accessLog?.close();
    context.accessLog = undefined;
  } else if (context.accessLog === undefined) {
    context.accessLog = new AccessLog({
      sample: log.sample,
      // A sequence of its own: what is logged changes no choice.
      chance: seededChance(seed, share.count + share.index),
      send: (batch) => {
        tell({ type: 'log', batch });
      },
    });
  } else context.accessLog.sample = log.sample;
}

/** No new connections; those there are end after their response, idle ones now. Answers when all are gone. */
function finish(id: number): void {
  context.isEnding = true;
  for (const listener of listeners.values()) {
    listener.stop();
    for (const connection of listener.connections) connection.drain();
  }
  const timer = setInterval(() => {
    for (const listener of listeners.values()) if (listener.connections.size > 0) return;
    clearInterval(timer);
    context.accessLog?.flush();
    tell({ type: 'done', id });
  }, 20);
}

function tell(message: ToSupervisor): void {
  if (process.connected) process.send?.(message);
}
