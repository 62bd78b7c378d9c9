import { connect, type Socket } from 'node:net';
import { ping } from './peer-wire.ts';

const tickMs = 500;
/** After so many ticks in which nothing was heard the other worker is asked whether it runs. */
const askAfter = 2;
/** After so many it is silent: 3 s, counted in ticks of this process, so that a pause of the whole machine is none of the other's. */
const silentAfter = 6;

/**
 * Whether another worker runs, looked at only while something is expected of it: an answer may take as long as a member takes, but a
 * ping on a connection of its own is answered at once by all but a worker that hangs.
 */
export class PeerPulse {
  readonly #path: string;
  readonly #onSilent: () => void;
  #timer: NodeJS.Timeout | undefined;
  #socket: Socket | undefined;
  #isAsked = false;
  #ticks = 0;
  #isSilent = false;

  constructor(path: string, onSilent: () => void) {
    this.#path = path;
    this.#onSilent = onSilent;
  }

  /** It has not answered the last ping, and its connection still stands: nothing is to be asked of it. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Something is expected of it from now on. */
  watch(): void {
    if (this.#timer !== undefined) return;
    this.#ticks = 0;
    this.#timer = setInterval(() => {
      this.#tick();
    }, tickMs).unref();
  }

  /** Nothing is expected any more. */
  rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** It has said something, whatever it was. */
  heard(): void {
    this.#ticks = 0;
  }

  #tick(): void {
    this.#ticks++;
    if (this.#ticks >= askAfter && !this.#isAsked) this.#ask();
    if (this.#ticks < silentAfter) return;
    this.#isSilent = true;
    this.rest();
    this.#onSilent();
  }

  #ask(): void {
    this.#isAsked = true;
    this.#socket ??= this.#connect();
    this.#socket.write(ping);
  }

  #connect(): Socket {
    const socket = connect({ path: this.#path });
    socket.unref();
    socket.on('data', () => {
      this.#isAsked = this.#isSilent = false;
      this.heard();
    });
    socket.on('error', () => undefined); // 'close' follows
    socket.on('end', () => socket.destroy());
    // It is gone, perhaps replaced: the next question finds out.
    socket.on('close', () => {
      this.#socket = undefined;
      this.#isAsked = this.#isSilent = false;
    });
    return socket;
  }
}
