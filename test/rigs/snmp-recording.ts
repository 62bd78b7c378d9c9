import { integer, oidBody, tlv } from './ber.ts';
import type { AgentRow } from './snmp-agent.ts';

/** The rows of an SNMP recording: snmprec lines (`OID|TAG|VALUE`, `4x` in hex) or what snmpwalk prints (`OID = TYPE: value`). */
export function agentRows(text: string): readonly AgentRow[] {
  const rows = new Map<string, Buffer>();
  for (const line of text.split(/\r?\n/)) {
    const row = readLine(line);
    if (row !== undefined) rows.set(row.oid, row.value);
  }
  return [...rows].map(([oid, value]) => ({ oid, value }));
}

function readLine(line: string): AgentRow | undefined {
  const recorded = /^([\d.]+)\|(\d+)(x?)\|(.*)$/.exec(line);
  if (recorded) {
    const [, oid = '', tag = '', isHex = '', value = ''] = recorded;
    return { oid, value: valueOf(Number(tag), isHex === 'x' ? Buffer.from(value, 'hex') : value) };
  }
  const walked = /^(?:iso|\.?1)\.([\d.]+) ?= ?(?:([A-Za-z0-9-]+): )?(.*)$/.exec(line);
  if (!walked) return undefined;
  const [, rest = '', type = 'STRING', value = ''] = walked;
  return { oid: `1.${rest}`, value: walkedValue(type, value) };
}

function walkedValue(type: string, value: string): Buffer {
  const tags: Record<string, number> = { INTEGER: 2, Counter32: 65, Gauge32: 66, Timeticks: 67, Counter64: 70 };
  const tag = tags[type];
  if (tag !== undefined) return valueOf(tag, (/-?\d+/.exec(value.replace(/^[^\d(-]*\(/, '(')) ?? ['0'])[0]);
  if (type === 'OID') return valueOf(6, value.replace(/^iso/, '1').replace(/^\./, ''));
  if (type === 'IpAddress') return valueOf(64, value);
  if (type === 'Hex-STRING') return valueOf(4, Buffer.from(value.replaceAll(/\s/g, ''), 'hex'));
  return valueOf(4, value.replace(/^"/, '').replace(/"$/, ''));
}

function valueOf(tag: number, value: string | Buffer): Buffer {
  if (Buffer.isBuffer(value)) return tlv(tag, value);
  if (tag === 6) return tlv(6, oidBody(value));
  if (tag === 64) return tlv(64, Buffer.from(value.split('.').map(Number)));
  if (tag === 2 || (tag >= 65 && tag <= 67) || tag === 70) return integer(BigInt(value.trim() || '0'), tag);
  return tlv(tag, Buffer.from(value));
}
