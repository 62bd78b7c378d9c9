/** What a client says of itself in the first message of TLS (RFC 8446 4.1.2, RFC 5246 7.4.1.2). */
export interface ClientHello {
  /** Lower case, without a dot at its end; empty where the client sent none (RFC 6066 3). */
  readonly serverName: string;
  /** In the client's order (RFC 7301). */
  readonly alpn: readonly string[];
  /** Numbers of IANA's "TLS SignatureScheme"; empty where the client sent none. */
  readonly signatureAlgorithms: readonly number[];
  /** 0x0304 = TLS 1.3; where the extension is absent the one version of the message itself. */
  readonly supportedVersions: readonly number[];
  readonly cipherSuites: readonly number[];
  /** Empty where the client brings none. */
  readonly sessionId: Buffer;
}

/** `why` is for a person. `too-large` = more bytes than the caller allows, or than its length says it may have. */
export type HelloReading =
  | { readonly kind: 'hello'; readonly hello: ClientHello }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not-tls' | 'malformed' | 'too-large'; readonly why: string };

/** Clients with post-quantum key shares send about 1800 bytes; OpenSSL itself takes no more than 131,396. */
export const maxHelloBytes = 32_768;

const handshakeRecord = 22;
const clientHelloMessage = 1;
const recordHeaderBytes = 5;
const messageHeaderBytes = 4;
const maxRecordBytes = 16_384;

const extensionServerName = 0;
const extensionSignatureAlgorithms = 13;
const extensionAlpn = 16;
const extensionSupportedVersions = 43;

const incomplete: HelloReading = { kind: 'incomplete' };

/**
 * Reads a ClientHello from the beginning of a connection, `bytes[start, end)`, over as many records as it was cut into.
 * Answers as soon as it can be seen that it is none. `maximum` bounds the bytes with the records' headers. Nothing of
 * `bytes` is kept.
 */
export function readClientHello(bytes: Buffer, start: number, end: number, maximum = maxHelloBytes): HelloReading {
  const parts: Buffer[] = [];
  let gathered = 0;
  let wanted = messageHeaderBytes;
  let at = start;
  while (gathered < wanted) {
    const problem = checkRecordHeader(bytes, at, end, start);
    if (problem !== undefined) return problem;
    const body = at + recordHeaderBytes;
    if (body > end) return endOf(end - start, maximum);
    const length = bytes.readUInt16BE(at + 3);
    const part = bytes.subarray(body, Math.min(body + length, end));
    parts.push(part);
    gathered += part.length;
    if (wanted === messageHeaderBytes && gathered > 0) {
      const message = joined(parts);
      if (message[0] !== clientHelloMessage) return malformed('its first message is no ClientHello');
      if (gathered >= messageHeaderBytes) wanted += message.readUIntBE(1, 3);
      if (wanted > maximum) return { kind: 'too-large', why: `a ClientHello of ${wanted} bytes` };
    }
    at = body + length;
    if (gathered < wanted && at > end) return endOf(end - start, maximum);
    if (at - start > maximum && gathered < wanted) return endOf(at - start, maximum);
  }
  return readMessage(joined(parts).subarray(messageHeaderBytes, wanted));
}

function endOf(length: number, maximum: number): HelloReading {
  return length >= maximum ? { kind: 'too-large', why: `no whole ClientHello in ${maximum} bytes` } : incomplete;
}

function malformed(why: string): HelloReading {
  return { kind: 'malformed', why };
}

/** What can be seen of a record's header already; undefined = nothing wrong. */
function checkRecordHeader(bytes: Buffer, at: number, end: number, start: number): HelloReading | undefined {
  const kind = at === start ? 'not-tls' : 'malformed';
  if (at < end && bytes[at] !== handshakeRecord) return { kind, why: `a record of type ${bytes[at] ?? 0}` };
  // RFC 8446 5.1: the version of the record is ignored but for its first byte, which tells TLS from anything else.
  if (at + 1 < end && bytes[at + 1] !== 3) return { kind, why: 'a record of another protocol' };
  if (at + recordHeaderBytes > end) return undefined;
  const length = bytes.readUInt16BE(at + 3);
  if (length === 0) return malformed('an empty record');
  if (length > maxRecordBytes) return malformed(`a record of ${length} bytes`);
  return undefined;
}

function joined(parts: readonly Buffer[]): Buffer {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
}

/** Thrown by `Cursor` where a length leads out of its field; never leaves this module. */
class CutShort extends Error {}

/** Reads vectors of a message; each is bounded by the one that it stands in. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(length: 1 | 2): number {
    const bytes = this.bytes(length);
    return bytes.readUIntBE(0, length);
  }

  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new CutShort();
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }

  /** A vector whose length stands before it in so many bytes. */
  vector(lengthBytes: 1 | 2): Cursor {
    return new Cursor(this.bytes(this.number(lengthBytes)));
  }

  /** Everything that is left, as numbers of two bytes. */
  numbers(): number[] {
    const found: number[] = [];
    while (!this.isAtEnd) found.push(this.number(2));
    return found;
  }
}

function readMessage(message: Buffer): HelloReading {
  try {
    return readFields(new Cursor(message));
  } catch (error) {
    if (error instanceof CutShort) return malformed('a length in it leads beyond its end');
    throw error;
  }
}

function readFields(message: Cursor): HelloReading {
  const version = message.number(2);
  if (version >>> 8 !== 3) return malformed('a ClientHello of another protocol');
  message.bytes(32); // random
  const sessionId = Buffer.from(message.bytes(message.number(1)));
  if (sessionId.length > 32) return malformed('a session id of more than 32 bytes');
  const cipherSuites = message.vector(2).numbers();
  message.vector(1); // compression methods
  const extensions = new Map<number, Cursor>();
  // TLS 1.2 clients may end here.
  const list = message.isAtEnd ? new Cursor(Buffer.alloc(0)) : message.vector(2);
  while (!list.isAtEnd) {
    const type = list.number(2);
    if (extensions.has(type)) return malformed(`extension ${type} stands twice`);
    extensions.set(type, list.vector(2));
  }
  if (!message.isAtEnd) return malformed('bytes behind its extensions');
  const serverName = readServerName(extensions.get(extensionServerName));
  if (serverName === undefined) return malformed('a server name that is none');
  const versions = extensions.get(extensionSupportedVersions)?.vector(1).numbers();
  const hello = {
    serverName,
    alpn: readProtocols(extensions.get(extensionAlpn)),
    signatureAlgorithms: extensions.get(extensionSignatureAlgorithms)?.vector(2).numbers() ?? [],
    supportedVersions: versions ?? [version],
    cipherSuites,
    sessionId,
  };
  return { kind: 'hello', hello };
}

/** Letters, digits, `-`, `_` and dots: what else stands in a name could fool whoever logs or compares it. */
const namePattern = /^[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_])?$/;

/** Empty = none; undefined = not a name. An address is no name (RFC 6066 3), but some clients send one: it matches nothing. */
function readServerName(extension: Cursor | undefined): string | undefined {
  if (extension === undefined) return '';
  const list = extension.vector(2);
  while (!list.isAtEnd) {
    const type = list.number(1);
    const name = list.bytes(list.number(2));
    if (type !== 0) continue;
    const text = name.toString('latin1').toLowerCase().replace(/\.$/, '');
    return namePattern.test(text) || /^[0-9a-f:.]{2,45}$/.test(text) ? text : undefined;
  }
  return '';
}

function readProtocols(extension: Cursor | undefined): string[] {
  const protocols: string[] = [];
  const list = extension?.vector(2);
  while (list?.isAtEnd === false) protocols.push(list.bytes(list.number(1)).toString('latin1'));
  return protocols;
}
