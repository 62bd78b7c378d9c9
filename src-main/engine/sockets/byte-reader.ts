/** What reads an accepted socket's bytes. `b` is shared memory: it is valid during the call only. */
export interface ByteReader {
  /** Where the next read goes. */
  readonly readBuffer: () => Buffer;
  /** Answers false to stop reading; `socket.resume()` goes on. */
  readonly onBytes: (bytes: Buffer, start: number, end: number) => boolean;
}
