import {
  bodyOf,
  integerOf,
  type Piece,
  pieceAt,
  piecesOf,
  tags,
  Unreadable,
  write,
  writeNumber,
  writeOid,
} from './ber.ts';
import type { UsmUser } from './usm.ts';

/** RFC 3416 and RFC 1157: the kinds of PDU that come to a receiver, and those that it sends. */
export const pdus = { get: 0xa0, response: 0xa2, trapV1: 0xa4, inform: 0xa6, trap: 0xa7, report: 0xa8 } as const;

export interface CommunityMessage {
  readonly version: 0 | 1;
  readonly community: string;
  readonly pdu: Piece;
}

/** RFC 3412, section 6, with the parameters of RFC 3414. `digest` is a view into the message. */
export interface SecureMessage {
  readonly version: 3;
  readonly id: number;
  readonly isReportable: boolean;
  readonly level: 1 | 2 | 3;
  readonly engineId: Buffer;
  readonly boots: number;
  readonly time: number;
  readonly user: string;
  readonly digest: Buffer;
  readonly salt: Buffer;
  /** The scoped PDU, sealed where the level is 3. */
  readonly scoped: Piece;
}

/** Takes a datagram apart as far as that goes without a key. Throws Unreadable. */
export function readMessage(bytes: Buffer): CommunityMessage | SecureMessage {
  const [versionPiece, second, third, fourth] = piecesOf(bodyOf(pieceAt(bytes), tags.sequence), 8);
  const version = integerOf(versionPiece);
  if (version === 0 || version === 1) {
    if (third === undefined) throw new Unreadable('it has no PDU');
    return { version, community: bodyOf(second, tags.octets).toString('latin1'), pdu: third };
  }
  if (version !== 3) throw new Unreadable('its version is none of 1, 2c and 3');
  const [id, , flagsPiece, model] = piecesOf(bodyOf(second, tags.sequence), 8);
  const flags = bodyOf(flagsPiece, tags.octets)[0] ?? 0;
  if (integerOf(model) !== 3 || (flags & 3) === 2) throw new Unreadable('its security model is not the user-based one');
  const security = piecesOf(bodyOf(pieceAt(bodyOf(third, tags.octets)), tags.sequence), 8);
  const [engineId, boots, time, user, digest, salt] = security;
  if (fourth === undefined) throw new Unreadable('it has no PDU');
  return {
    version,
    id: integerOf(id),
    isReportable: (flags & 4) !== 0,
    level: (flags & 1) === 0 ? 1 : (flags & 2) === 0 ? 2 : 3,
    engineId: bodyOf(engineId, tags.octets),
    boots: integerOf(boots),
    time: integerOf(time),
    user: bodyOf(user, tags.octets).toString('utf8'),
    digest: bodyOf(digest, tags.octets),
    salt: bodyOf(salt, tags.octets),
    scoped: fourth,
  };
}

export interface ScopedPdu {
  readonly contextEngineId: Buffer;
  readonly contextName: Buffer;
  readonly pdu: Piece;
}

/** The scoped PDU of a message whose bytes are clear. Throws Unreadable. */
export function readScoped(piece: Piece): ScopedPdu {
  const [contextEngineId, contextName, pdu] = piecesOf(bodyOf(piece, tags.sequence), 8);
  if (pdu === undefined) throw new Unreadable('it has no PDU');
  return {
    contextEngineId: bodyOf(contextEngineId, tags.octets),
    contextName: bodyOf(contextName, tags.octets),
    pdu,
  };
}

/** The answer to an inform: the same values under the same number (RFC 3416, 4.2.7). */
export function answerTo(pdu: Piece): Buffer {
  const [id, , , varbinds] = piecesOf(pdu.body);
  return write(
    pdus.response,
    write(tags.integer, bodyOf(id, tags.integer)),
    writeNumber(0),
    writeNumber(0),
    write(tags.sequence, bodyOf(varbinds, tags.sequence)),
  );
}

export function writeCommunity({ version, community }: CommunityMessage, pdu: Buffer): Buffer {
  return write(tags.sequence, writeNumber(version), write(tags.octets, Buffer.from(community, 'latin1')), pdu);
}

/** A report of one counter (usmStats) as it is sent back to whoever asked, by the number of its question where that could be read. */
export function reportPdu(counter: string, count: number, requestId: number): Buffer {
  const varbind = write(tags.sequence, writeOid(counter), writeNumber(count, 65));
  const list = write(tags.sequence, varbind);
  return write(pdus.report, writeNumber(requestId), writeNumber(0), writeNumber(0), list);
}

export interface Sealing {
  readonly messageId: number;
  readonly engineId: Buffer;
  readonly boots: number;
  readonly time: number;
  /** Absent: neither signed nor sealed. */
  readonly user: UsmUser | undefined;
  readonly level: 1 | 2 | 3;
  /** Eight bytes that were used for no other message. */
  readonly salt: Buffer;
}

/** A message of this engine, signed and sealed as its level says. */
export function writeSecure(scoped: Buffer, sealing: Sealing): Buffer {
  const { messageId, engineId, boots, time, user, level, salt } = sealing;
  const digest = Buffer.alloc(level > 1 ? (user?.digestBytes ?? 0) : 0);
  const parameters = write(
    tags.sequence,
    write(tags.octets, engineId),
    writeNumber(boots),
    writeNumber(time),
    write(tags.octets, Buffer.from(user?.name ?? '')),
    write(tags.octets, digest),
    write(tags.octets, level === 3 ? salt : Buffer.alloc(0)),
  );
  const data =
    level === 3 && user !== undefined
      ? write(tags.octets, user.encrypt(scoped, salt, engineId, { boots, time }))
      : scoped;
  const header = write(
    tags.sequence,
    writeNumber(messageId),
    writeNumber(65_507),
    write(tags.octets, Buffer.from([level - 1 === 2 ? 3 : level - 1])),
    writeNumber(3),
  );
  const message = write(tags.sequence, writeNumber(3), header, write(tags.octets, parameters), data);
  if (level > 1 && user !== undefined) {
    const { digest: place } = readMessage(message) as SecureMessage; // written as version 3 above
    user.sign(message, place, engineId);
  }
  return message;
}

export function writeScoped(engineId: Buffer, contextName: Buffer, pdu: Buffer): Buffer {
  return write(tags.sequence, write(tags.octets, engineId), write(tags.octets, contextName), pdu);
}
