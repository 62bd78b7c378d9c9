import type { ServerLimits } from '../limits/limits.ts';
import type { Meter } from '../limits/meter.ts';

/** So many bytes of answers wait for their turn; what comes beside is lost, as a slow line would lose it. */
const maxWaitingBytes = 65_536;

/**
 * The answers to one client under its bandwidth: each datagram is paid for as a whole and leaves when its turn has come, in the order
 * that they came in.
 */
export class PaidAnswers {
  readonly #send: (bytes: Buffer) => void;
  readonly #onLost: (bytes: number) => void;
  readonly #onIdle: () => void;
  #limits: ServerLimits | undefined;
  #meter: Meter | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  /** `onIdle` is called when the last that waited has left. */
  constructor(send: (bytes: Buffer) => void, onLost: (bytes: number) => void, onIdle: () => void) {
    this.#send = send;
    this.#onLost = onLost;
    this.#onIdle = onIdle;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  /** `limits` are those of the virtual server now; undefined = nothing is limited. */
  put(bytes: Buffer, limits: ServerLimits | undefined, clientAddress: string): void {
    if (this.isIdle && limits !== this.#limits) this.#open(limits, clientAddress);
    if (this.isIdle) {
      if (this.#meter === undefined || this.#meter.take(bytes.length)) this.#send(bytes);
      else this.#keep(bytes);
    } else if (this.#waitingBytes + bytes.length > maxWaitingBytes) this.#onLost(bytes.length);
    else this.#keep(bytes);
  }

  close(): void {
    this.#meter?.close();
    this.#meter = undefined;
    this.#waiting = [];
  }

  #open(limits: ServerLimits | undefined, clientAddress: string): void {
    this.#meter?.close();
    this.#limits = limits;
    this.#meter = limits?.openMeter(clientAddress, () => {
      this.#onPaid();
    });
    this.#meter?.startResponse();
  }

  #keep(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  /** The first that waits is paid for; those behind it are asked for one after another. */
  #onPaid(): void {
    let next = this.#waiting[0];
    while (next !== undefined) {
      this.#waiting.shift();
      this.#waitingBytes -= next.length;
      this.#send(next);
      next = this.#waiting[0];
      if (next !== undefined && this.#meter?.take(next.length) !== true) return;
    }
    this.#onIdle();
  }
}
