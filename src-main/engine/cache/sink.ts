/** A client that is answered by something else than a member: its connection does the writing, the counting and the time-outs. */
export interface ResponseSink {
  /** Another worker of this engine: its own clients are counted there. */
  readonly isPeer?: boolean;
  readonly isHttp10: boolean;
  readonly isHead: boolean;
  /** Whether the connection takes another request after this response. */
  readonly keepsAlive: boolean;
  readonly clientAddress: string;
  /** The most to be written at a time. */
  readonly pieceBytes: number;
  /** From now on the client has this in place of a member. */
  readonly attach: (source: ResponseSource) => void;
  /** The response begins; `mustClose` = its end is the connection's end. */
  readonly begin: (status: number, mustClose: boolean) => void;
  /** The bytes must never change. False = `onFlushed` comes. */
  readonly send: (bytes: Buffer) => boolean;
  readonly finish: () => void;
  /** The response cannot be finished: the client is cut so that it knows. */
  readonly truncate: () => void;
  /** Goes to a member in the ordinary way. */
  readonly goOn: () => void;
  /** An answer of the engine's own. */
  readonly refuse: (status: number) => void;
}

/** What a client gets its response from. */
export interface ResponseSource {
  readonly onFlushed: () => void;
  /** The client has gone. */
  readonly cancel: () => void;
}
