import type { Endpoint } from '../http1/request-view.ts';
import type { UpstreamFailure, UpstreamLimits, UpstreamMember, UpstreamOwner } from '../http1/upstream.ts';
import type { WorkerContext } from '../runtime/context.ts';
import { MemberConnection, type ConnectionHome } from './member-connection.ts';
import { MemberStream } from './member-stream.ts';

/** What a member is taken to allow until it has said so: RFC 9113 6.5.2 recommends no less. */
const assumedStreams = 100;

interface Waiting {
  readonly stream: MemberStream;
  readonly limits: UpstreamLimits;
  readonly greeting: Buffer | undefined;
}

/** A worker's HTTP/2 connections to one member: a stream goes on one that has room, else on a further one. */
export class MemberConnections implements ConnectionHome {
  readonly #context: WorkerContext;
  readonly #member: UpstreamMember;
  #connections: MemberConnection[] = [];
  /** Streams that no connection has room for yet, in the order of their coming. */
  #waiting: Waiting[] = [];

  constructor(context: WorkerContext, member: UpstreamMember) {
    this.#context = context;
    this.#member = member;
  }

  /** A stream for one exchange: connected at once, or `onConnected` or `onUpstreamFailed` comes later. `greeting` is told before all else. */
  open(limits: UpstreamLimits, owner: UpstreamOwner, endpoint: Endpoint, greeting: Buffer | undefined): MemberStream {
    const isOfOneClient = greeting !== undefined || limits.isOfOneClient === true;
    const client = isOfOneClient ? `${endpoint.clientAddress} ${endpoint.clientPort} ${endpoint.localPort}` : '';
    const stream = new MemberStream(
      this.#context,
      this.#member,
      owner,
      `${limits.sourceAddress} ${client}`,
      (given) => {
        this.#waiting = this.#waiting.filter((each) => each.stream !== given);
      },
    );
    const connection = this.#connections.find(({ key, room }) => key === stream.key && room > 0);
    if (connection !== undefined) {
      connection.carry(stream);
      return stream;
    }
    stream.waitFor(limits.connectTimeoutMs);
    this.#waiting.push({ stream, limits, greeting });
    this.#connectMore(stream.key);
    return stream;
  }

  /** Those that carry nothing close now, the others when they carry nothing any more. */
  closeIdle(): void {
    for (const connection of [...this.#connections]) connection.retire();
  }

  onChanged(connection: MemberConnection): void {
    if (connection.isOver) this.#connections = this.#connections.filter((each) => each !== connection);
    else this.#serve(connection);
    this.#connectMore(connection.key);
  }

  /** Who waits may hope for another connection that is on its way, else for none. */
  onConnectFailed(connection: MemberConnection, failure: UpstreamFailure): void {
    this.#connections = this.#connections.filter((each) => each !== connection);
    const { key } = connection;
    if (this.#connections.some((each) => each.key === key && each.isConnecting)) return;
    for (const { stream } of this.#waiting.filter((each) => each.stream.key === key)) stream.fail(failure);
  }

  hasIdleRoom(connection: MemberConnection): boolean {
    const { maxIdle } = connection.limits.keepAlive;
    if (maxIdle === undefined) return true;
    return this.#connections.filter((each) => each !== connection && each.isIdle).length < maxIdle;
  }

  #serve(connection: MemberConnection): void {
    while (connection.room > 0) {
      const next = this.#waiting.findIndex(({ stream }) => stream.key === connection.key);
      const [first] = next < 0 ? [] : this.#waiting.splice(next, 1);
      if (first === undefined) return;
      connection.carry(first.stream);
      first.stream.owner?.onConnected();
    }
  }

  #connectMore(key: string): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting.filter(({ stream }) => stream.key === key);
    const connecting = this.#connections.filter((each) => each.key === key && each.isConnecting).length;
    const [first] = waiting;
    if (first === undefined || waiting.length <= connecting * assumedStreams) return;
    this.#connections.push(new MemberConnection(this.#context, this.#member, first.limits, key, this, first.greeting));
  }
}
