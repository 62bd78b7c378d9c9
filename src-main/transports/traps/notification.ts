import { bodyOf, integerOf, oidOf, type Piece, piecesOf, tags, Unreadable, unsignedOf } from './ber.ts';
import { pdus } from './message.ts';
import type { SnmpCell } from '../transport.ts';

/** A trap or inform as it came, whichever version brought it. */
export interface Notification {
  readonly kind: 'trap' | 'inform';
  readonly version: '1' | '2c' | '3';
  /** The address that the datagram came from. */
  readonly from: string;
  /** The address that the notification gives for the device itself: snmpTrapAddress, or agent-addr of version 1. */
  readonly agent?: string;
  /** What it is: the value of snmpTrapOID. */
  readonly oid: string;
  /** sysUpTime of the sender, hundredths of a second. */
  readonly upTime?: number;
  readonly values: readonly { readonly oid: string; readonly cell: SnmpCell }[];
}

const sysUpTime = '1.3.6.1.2.1.1.3.0';
const snmpTrapOid = '1.3.6.1.6.3.1.1.4.1.0';
const snmpTrapAddress = '1.3.6.1.6.3.18.1.3.0';
/** RFC 3584, 3.1: the six generic traps of version 1 are snmpTraps 1 to 6, others stand below their enterprise. */
const snmpTraps = '1.3.6.1.6.3.1.1.5';
const enterpriseSpecific = 6;

type Known = Pick<Notification, 'version' | 'from'>;

/** The notification that a PDU holds. Throws Unreadable; other kinds of PDU are no notification. */
export function readNotification(pdu: Piece, known: Known): Notification {
  if (pdu.tag === pdus.trapV1) return readV1(pdu, known);
  if (pdu.tag !== pdus.trap && pdu.tag !== pdus.inform) throw new Unreadable('it is neither trap nor inform');
  const [, , , list] = piecesOf(pdu.body, 8);
  const all = readValues(list);
  const oid = all.find((one) => one.oid === snmpTrapOid)?.cell;
  if (oid?.tag !== tags.oid || typeof oid.value !== 'string') throw new Unreadable('it does not say what it is');
  const upTime = all.find((one) => one.oid === sysUpTime)?.cell.value;
  const agent = all.find((one) => one.oid === snmpTrapAddress)?.cell;
  return {
    ...known,
    kind: pdu.tag === pdus.inform ? 'inform' : 'trap',
    oid: oid.value,
    ...(typeof upTime === 'number' ? { upTime } : {}),
    ...(agent?.tag === tags.ipAddress && typeof agent.value === 'string' ? { agent: agent.value } : {}),
    values: all.filter((one) => ![snmpTrapOid, sysUpTime, snmpTrapAddress].includes(one.oid)),
  };
}

function readV1(pdu: Piece, known: Known): Notification {
  const [enterprise, agent, generic, specific, upTime, list] = piecesOf(pdu.body, 8);
  const base = oidOf(bodyOf(enterprise, tags.oid));
  const kind = integerOf(generic);
  const address = [...bodyOf(agent, tags.ipAddress)].join('.');
  return {
    ...known,
    kind: 'trap',
    oid: kind === enterpriseSpecific ? `${base}.0.${integerOf(specific)}` : `${snmpTraps}.${kind + 1}`,
    ...(address === '0.0.0.0' ? {} : { agent: address }),
    upTime: unsignedOf(bodyOf(upTime, 67)),
    values: readValues(list),
  };
}

function readValues(list: Piece | undefined): readonly { readonly oid: string; readonly cell: SnmpCell }[] {
  return piecesOf(bodyOf(list, tags.sequence)).map((piece) => {
    const [name, value] = piecesOf(bodyOf(piece, tags.sequence), 4);
    if (value === undefined) throw new Unreadable('a value is missing');
    return { oid: oidOf(bodyOf(name, tags.oid)), cell: cellOf(value) };
  });
}

/** As `SnmpCell` says: numbers of up to 32 bits are numbers, OIDs and addresses text, all else its bytes. */
function cellOf(piece: Piece): SnmpCell {
  const { tag, body } = piece;
  if (tag === tags.integer) return { tag, value: integerOf(piece) };
  if (tag === tags.oid) return { tag, value: oidOf(body) };
  if (tag === tags.ipAddress) return { tag, value: [...body].join('.') };
  if (tag >= 65 && tag <= 67) return { tag, value: unsignedOf(body) };
  return { tag, value: Buffer.from(body) }; // a copy: the datagram is not kept
}
