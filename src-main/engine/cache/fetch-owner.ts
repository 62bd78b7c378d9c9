/** Hears of a response as it comes. Bytes are valid during the call only. */
export interface FetchOwner {
  /** `isChunked` = the body comes in chunks; `length` where it was announced. */
  readonly onInterim: (bytes: Buffer) => void;
  readonly onHead: (headBytes: Buffer, status: number, length: number | undefined) => void;
  /** The body as it is framed: `[from, to)`. Answers false to wait: `goOn` says when. */
  readonly onRaw: (bytes: Buffer, from: number, to: number) => boolean;
  /** The data of the body. */
  readonly onData: (bytes: Buffer, from: number, to: number) => void;
  readonly onEnd: () => void;
  /** The body is not whole and never will be. */
  readonly onBroken: () => void;
}

/** A request of the engine's own that is under way. */
export interface RunningFetch {
  /** What waited has left. */
  readonly goOn: () => void;
  /** Nobody wants it any more. */
  readonly cancel: () => void;
}
