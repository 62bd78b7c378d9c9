import { integer, type MibScalar, objectId, text, ticks } from './snmp.ts';

/** The system group of SNMPv2-MIB (RFC 3418), by which every device is known. */
export function systemGroup(about: {
  readonly description: string;
  /** sysObjectID. */
  readonly product: string;
  readonly hostname: string;
  readonly upMs: number;
}): readonly MibScalar[] {
  const group = '1.3.6.1.2.1.1';
  return [
    { oid: `${group}.1`, value: text(about.description) },
    { oid: `${group}.2`, value: objectId(about.product) },
    { oid: `${group}.3`, value: ticks(Math.floor(about.upMs / 10) % 2 ** 32) },
    { oid: `${group}.4`, value: text('') },
    { oid: `${group}.5`, value: text(about.hostname) },
    { oid: `${group}.6`, value: text('') },
    { oid: `${group}.7`, value: integer(76) },
  ];
}
