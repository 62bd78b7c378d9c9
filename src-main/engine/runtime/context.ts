import type { AccessLog } from '../log/access-log.ts';
import type { MemberFailure } from '../messages.ts';
import { BufferPool } from '../sockets/buffer-pool.ts';
import { TimerWheel } from '../sockets/timer-wheel.ts';

/** Size of one read, and of what is copied at most. */
export const readBytes = 65_536;
/** Bodies longer than this are read into a private buffer and written without a copy. */
export const largeBodyBytes = 65_536;
const leaseBytes = 262_144;
const requestBytes = 73_728;
const scratchBytes = readBytes + 32_768;

/** What all connections of a worker share. */
export class WorkerContext {
  readonly wheel: TimerWheel;
  /** All sockets read here; what it holds is valid during the read's call only. */
  readonly readBuffer: Buffer = Buffer.allocUnsafeSlow(readBytes);
  /** Private buffers of large bodies. */
  readonly leases = new BufferPool(leaseBytes, 64);
  /** Rewritten requests, kept until they cannot be repeated any more. */
  readonly requests = new BufferPool(requestBytes, 1024);
  /** Where small messages are put together; replaced when a write did not complete at once. */
  scratch: Buffer = Buffer.allocUnsafeSlow(scratchBytes);
  /** `Date: ...\r\n`, renewed each second. */
  dateLine: Buffer = Buffer.alloc(0);
  /** Connections to members are opened on Node's inner handles. */
  canConnectRaw = false;
  /** The worker is ending: connections close after their response. */
  isEnding = false;
  /** What authorities look for while they issue certificates, by token; undefined = nothing is under way. */
  acmeAnswers: ReadonlyMap<string, string> | undefined = undefined;
  /** Undefined = exchanges are not logged. */
  accessLog: AccessLog | undefined = undefined;
  /** Told of a member that TLS or HTTP/2 does not come about with, and why. */
  onMemberFailed: (member: object, change: MemberFailure, reason: string) => void = () => undefined;
  #dateTimer: NodeJS.Timeout | undefined;

  constructor(wheel = new TimerWheel()) {
    this.wheel = wheel;
    this.renewDate();
  }

  start(): void {
    this.wheel.start();
    this.#dateTimer = setInterval(() => {
      this.renewDate();
    }, 1000);
    this.#dateTimer.unref();
  }

  stop(): void {
    this.wheel.stop();
    clearInterval(this.#dateTimer);
  }

  setAcmeAnswers(answers: Readonly<Record<string, string>>): void {
    const entries = Object.entries(answers);
    this.acmeAnswers = entries.length === 0 ? undefined : new Map(entries);
  }

  renewDate(): void {
    this.dateLine = Buffer.from(`Date: ${new Date().toUTCString()}\r\n`, 'latin1');
  }

  /** A buffer for a message of at most `bytes`: the scratch, or one of its own. */
  output(bytes: number): Buffer {
    return bytes <= this.scratch.length ? this.scratch : Buffer.allocUnsafeSlow(bytes);
  }

  /** The write from `buffer` did not complete at once: if it was the scratch, it is given up to that write. */
  abandon(buffer: Buffer): void {
    if (buffer === this.scratch) this.scratch = Buffer.allocUnsafeSlow(scratchBytes);
  }
}
