import type { Socket } from 'node:net';
import { askMember } from './peer-wire.ts';
import type { ResponseSink, ResponseSource } from './sink.ts';

/** Another worker that is answered in the place of a client: it has the response for all clients of its own. */
export class PeerSink implements ResponseSink {
  readonly isPeer = true;
  readonly isHttp10 = false;
  readonly isHead = false;
  readonly keepsAlive = true;
  readonly clientAddress: string;
  readonly pieceBytes = 262_144;
  readonly #socket: Socket;
  readonly #onOver: () => void;
  #source: ResponseSource | undefined;
  #isOver = false;
  #isBlocked = false;

  constructor(socket: Socket, clientAddress: string, onOver: () => void) {
    this.#socket = socket;
    this.clientAddress = clientAddress;
    this.#onOver = onOver;
  }

  attach(source: ResponseSource): void {
    this.#source = source;
  }

  /** A body whose end is the connection's cannot be told from one that a killed worker leaves. */
  begin(_status: number, mustClose: boolean): void {
    if (!mustClose) return;
    const source = this.#source;
    this.goOn();
    source?.cancel();
  }

  send(bytes: Buffer): boolean {
    if (this.#isOver) return true;
    this.#socket.write(bytes, () => {
      this.#written();
    });
    this.#isBlocked = this.#socket.writableLength > 0;
    return !this.#isBlocked;
  }

  finish(): void {
    this.#end();
  }

  truncate(): void {
    if (this.#isOver) return;
    this.#end();
    this.#socket.destroy();
  }

  goOn(): void {
    if (this.#isOver) return;
    this.#socket.write(askMember);
    this.#end();
  }

  /** The other worker finds out for itself. */
  refuse(): void {
    this.goOn();
  }

  /** The other worker has gone. */
  gone(): void {
    if (this.#isOver) return;
    const source = this.#source;
    this.#isOver = true;
    source?.cancel();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#source = undefined;
    this.#onOver();
  }

  #written(): void {
    if (!this.#isBlocked || this.#isOver || this.#socket.writableLength > 0) return;
    this.#isBlocked = false;
    this.#source?.onFlushed();
  }
}
