import { E, FieldDecoder, F, T, type Field, type Frame } from './http2-wire.ts';

/** What a client sends, and waits for, in turn. A function answers whether what it waits for has come, or what is to be sent now. */
export type Step = Buffer | ((seen: Http2Seen) => boolean | Buffer);

/** One fact of the standard: what a client says on a connection of its own, and whether what was seen is right. */
export interface Http2Case {
  readonly group: string;
  readonly name: string;
  readonly source: string;
  readonly steps: readonly Step[];
  readonly isRight: (seen: Http2Seen) => boolean;
  /** What the member says once it has heard a head; default: 200 with the body `ok`. `{accept}` = to the handshake that it heard. */
  readonly answer?: string;
  /** What must have been heard before the member answers; default: a head. */
  readonly answersAfter?: RegExp;
  /** How the member's connection ends after its answer; default `end`, soon after. */
  readonly then?: 'end' | 'open' | 'reset' | 'echo';
  /** In place of the preface and empty SETTINGS. */
  readonly start?: Buffer;
  /** The client sends byte by byte. */
  readonly inBytes?: boolean;
}

/** What came of one case: all frames, and what the member heard. */
export class Http2Seen {
  readonly frames: Frame[] = [];
  /** Each field section that came, in order. */
  readonly sections: { readonly stream: number; readonly fields: readonly Field[] }[] = [];
  /** The peer's settings. */
  readonly settings = new Map<number, number>();
  ending: 'end' | 'reset' | 'open' = 'open';
  heard = '';
  /** How connections to the member ended. */
  memberEndings: string[] = [];
  /** What no client could read. */
  problem = '';
  readonly #decoder = new FieldDecoder();
  #block: Buffer = Buffer.alloc(0);

  add(frame: Frame): void {
    this.frames.push(frame);
    const { type, flags, payload, stream } = frame;
    if (type === T.settings && (flags & F.ack) === 0) {
      for (let at = 0; at + 6 <= payload.length; at += 6) {
        this.settings.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
      }
    }
    if (type !== T.headers && type !== T.continuation) return;
    this.#block = Buffer.concat([this.#block, type === T.headers ? unpadded(frame) : payload]);
    if ((flags & F.endHeaders) === 0) return;
    try {
      this.sections.push({ stream, fields: this.#decoder.read(this.#block) });
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.#block = Buffer.alloc(0);
  }

  of(type: number, stream?: number): Frame[] {
    return this.frames.filter((frame) => frame.type === type && (stream === undefined || frame.stream === stream));
  }

  /** Statuses of all responses on a stream. */
  statuses(stream = 1): number[] {
    const found = this.sections
      .filter((each) => each.stream === stream)
      .map(({ fields }) => valueOf(fields, ':status'));
    return found.filter((value) => value !== undefined).map(Number);
  }

  /** Of the final response; 0 = none came. */
  status(stream = 1): number {
    return this.statuses(stream).find((each) => each >= 200) ?? 0;
  }

  /** A field of the final response, or of the trailers. */
  field(name: string, stream = 1): string | undefined {
    const found = this.sections.filter((each) => each.stream === stream).map(({ fields }) => valueOf(fields, name));
    return found.find((value) => value !== undefined);
  }

  body(stream = 1): string {
    return this.of(T.data, stream)
      .map((frame) => unpadded(frame).toString('latin1'))
      .join('');
  }

  isWhole(stream = 1): boolean {
    return this.frames.some(
      ({ type, flags, stream: id }) => id === stream && (type === T.data || type === T.headers) && (flags & 1) === 1,
    );
  }

  /** The code of the first RST_STREAM (of this stream); undefined = none. */
  resetCode(stream?: number): number | undefined {
    return this.of(T.reset, stream)[0]?.payload.readUInt32BE(0);
  }

  /** The code of the last GOAWAY; undefined = none. */
  get goaway(): number | undefined {
    return this.of(T.goaway).at(-1)?.payload.readUInt32BE(4);
  }

  get isClosed(): boolean {
    return this.ending !== 'open';
  }

  get hasPong(): boolean {
    return this.of(T.ping).some(({ flags, payload }) => (flags & F.ack) !== 0 && payload.toString() === 'sentinel');
  }

  /** The peer has said its last word about the connection, or about a stream. */
  get isOver(): boolean {
    const isDone = this.sections.some(({ stream }) => this.isWhole(stream)) || this.resetCode() !== undefined;
    return this.isClosed || isDone || (this.goaway ?? E.none) !== E.none;
  }
}

function valueOf(fields: readonly Field[], name: string): string | undefined {
  return fields.find((field) => field[0] === name)?.[1];
}

function unpadded({ type, flags, payload }: Frame): Buffer {
  const isPadded = (flags & F.padded) !== 0;
  const start = (isPadded ? 1 : 0) + (type === T.headers && (flags & F.priority) !== 0 ? 5 : 0);
  return payload.subarray(start, payload.length - (isPadded ? (payload[0] ?? 0) : 0));
}

type Judge = (seen: Http2Seen) => boolean;

/** RFC 9113 5.4.1: GOAWAY with one of these codes, or the connection is closed without a word. */
export function isConnectionError(...codes: readonly number[]): Judge {
  return (seen) => seen.status() < 300 && hasConnectionError(seen, codes);
}

/** RFC 9113 5.4.2: RST_STREAM with one of these codes, or the connection ends for it. */
export function isStreamError(...codes: readonly number[]): Judge {
  return (seen) => {
    const code = seen.resetCode();
    return (code !== undefined && codes.includes(code)) || hasConnectionError(seen, codes);
  };
}

function hasConnectionError(seen: Http2Seen, codes: readonly number[]): boolean {
  const { goaway } = seen;
  return goaway === undefined || goaway === E.none ? seen.isClosed : codes.includes(goaway);
}

/** RFC 9113 8.1.1: a stream error, or a response that says so; no member hears of it. */
export function isMalformed(seen: Http2Seen): boolean {
  const isTold = seen.status() >= 400 && seen.status() < 500;
  const hasEnded = seen.isClosed || (seen.goaway ?? E.none) !== E.none;
  return seen.heard === '' && (isTold || seen.resetCode(1) !== undefined || hasEnded);
}

/** It began well, so a member may have heard its beginning, but never a whole message and never the end. */
export function isBrokenOff(seen: Http2Seen): boolean {
  const isTold = seen.status() >= 400 || seen.resetCode(1) === E.protocol || isConnectionError(E.protocol)(seen);
  return isTold && !seen.heard.includes('\r\n0\r\n');
}

export function isAnswered(seen: Http2Seen): boolean {
  return seen.status() === 200 && seen.isWhole() && seen.heard !== '';
}

/** Answered, and the member heard (or, with `!`, did not hear) each of these, upper and lower case alike. */
export function isForwarded(...parts: readonly string[]): Judge {
  return (seen) => {
    const heard = seen.heard.toLowerCase();
    return (
      isAnswered(seen) &&
      parts.every((part) =>
        part.startsWith('!') ? !heard.includes(part.slice(1).toLowerCase()) : heard.includes(part.toLowerCase()),
      )
    );
  };
}

/** Nothing was made of it: the connection lives, and a request on it is answered. */
export function isIgnored(seen: Http2Seen): boolean {
  return isAnswered(seen) && seen.goaway === undefined;
}

export function isPonged(seen: Http2Seen): boolean {
  return seen.hasPong && seen.goaway === undefined;
}
