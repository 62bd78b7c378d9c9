import { connect, type Socket } from 'node:net';
import type { FetchOwner } from './fetch-owner.ts';
import { PeerPulse } from './peer-pulse.ts';
import { ResponseReader } from './response-reader.ts';

const readBytes = 65_536;
/** Idle connections kept to one worker. */
const maxIdle = 64;

/** Connections to another worker's cache: one question at a time on each, the last that was used goes first. */
export class PeerLinks {
  readonly #path: string;
  readonly #idle: PeerLink[] = [];
  readonly #asked = new Set<PeerLink>();
  readonly #pulse: PeerPulse;

  constructor(path: string) {
    this.#path = path;
    this.#pulse = new PeerPulse(path, () => {
      for (const link of this.#asked) link.abort();
    });
  }

  /** The other worker hangs: it would not answer. */
  get isSilent(): boolean {
    return this.#pulse.isSilent;
  }

  /** Asks on a connection that is idle, or on a new one. */
  ask(question: Buffer, owner: FetchOwner): PeerLink {
    const link =
      this.#idle.pop() ??
      new PeerLink(this.#path, () => {
        this.#pulse.heard();
      });
    link.onIdle = () => {
      this.#answered(link);
      if (this.#idle.length < maxIdle) this.#idle.push(link);
      else link.close();
    };
    link.onClosed = () => {
      this.#answered(link);
      const index = this.#idle.indexOf(link);
      if (index >= 0) this.#idle.splice(index, 1);
    };
    this.#asked.add(link);
    this.#pulse.watch();
    link.ask(question, owner);
    return link;
  }

  #answered(link: PeerLink): void {
    this.#asked.delete(link);
    if (this.#asked.size === 0) this.#pulse.rest();
  }
}

/** One connection. Its buffer is its own: what is read stays as it is until it is told to go on. */
export class PeerLink {
  onIdle: () => void = () => undefined;
  onClosed: () => void = () => undefined;
  readonly #socket: Socket;
  #response: ResponseReader | undefined;
  #isWaiting = false;

  constructor(path: string, onHeard: () => void) {
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    this.#socket = connect({
      path,
      onread: {
        buffer,
        callback: (bytes) => {
          onHeard();
          this.#isWaiting = this.#response?.onBytes(buffer.subarray(0, bytes)) === false;
          if (this.#isWaiting && !this.#isAsked) this.close(); // who waits is in the last bytes, which the next answer would overwrite
          return !this.#isWaiting;
        },
      },
    });
    this.#socket.on('error', () => undefined); // 'close' follows
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => {
      this.onClosed();
      this.#response?.break();
    });
  }

  get #isAsked(): boolean {
    return this.#response !== undefined;
  }

  ask(question: Buffer, owner: FetchOwner): void {
    this.#isWaiting = false;
    this.#response = new ResponseReader(owner, () => {
      this.#response = undefined;
      if (this.#socket.destroyed) return;
      // Asked again only from the loop: the read that ended this has to return first.
      setImmediate(() => {
        if (!this.#socket.destroyed) this.onIdle();
      });
    });
    this.#socket.write(question);
  }

  /** What waited has left. */
  goOn(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#socket.resume();
  }

  /** The answer is not waited for any longer: whoever asked finds it broken. */
  abort(): void {
    this.#socket.destroy(); // 'close' follows
  }

  /** Nobody wants the answer any more. */
  close(): void {
    this.#response?.stop();
    this.#response = undefined;
    this.#socket.destroy();
  }
}
