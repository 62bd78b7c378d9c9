import { z } from 'zod';
import type { Problem } from './errors.ts';

/** An object of a device that an event is about. */
export interface EventObject {
  readonly virtualServer?: string;
  readonly pool?: string;
  /** With `pool`. */
  readonly member?: string;
}

/** Something that a device told by itself (a trap or inform of SNMP), or that was noticed of it. */
export interface DeviceEvent {
  readonly id: number;
  readonly at: string;
  readonly kind: 'trap' | 'inform' | 'restarted';
  /** Absent where no device of the inventory is known by the sender's address. */
  readonly device?: string;
  /** The address that it came from; absent where a poll noticed it. */
  readonly from?: string;
  /** Its name in the vendor's MIB, as `bigipServiceDown`; its number where no MIB here has it. */
  readonly name: string;
  readonly severity: 'bad' | 'good' | 'note';
  /** The device's own words where it gives some. */
  readonly sentence: string;
  readonly objects: readonly EventObject[];
  readonly values: readonly { readonly name: string; readonly value: string }[];
}
export type NewEvent = Omit<DeviceEvent, 'id'>;

/** Of traps since the listener was opened. */
export interface TrapState {
  /** What is asked for: `host:port`; empty: off. */
  readonly wanted: string;
  /** Where it listens, the port chosen; absent: it does not. */
  readonly listen?: string;
  readonly problem?: Problem;
  /** Hexadecimal; what a device needs that is set up without asking. */
  readonly engineId: string;
  readonly users: readonly string[];
  readonly hasCommunity: boolean;
  readonly received: number;
  readonly taken: number;
  /** Not looked at, more than a person could read: a storm. */
  readonly dropped: number;
  readonly refused: Readonly<Record<'community' | 'user' | 'digest' | 'time' | 'unreadable', number>>;
}

const secret = z.string().min(1).max(4096);

/** A user that senders sign with, as a device's `snmpv3://` address has one. */
export const trapUserSchema = z.strictObject({
  user: z.string().min(1).max(64),
  auth: z.strictObject({ protocol: z.string().max(40), password: secret }).optional(),
  priv: z.strictObject({ protocol: z.string().max(40), password: secret }).optional(),
});

export const trapSettingsSchema = z.strictObject({
  /** `host:port`; empty: off. */
  listen: z.string().max(300),
  /** Of v1 and v2c; absent: as before; empty: none. */
  community: z.string().max(4096).optional(),
  /** Added, or in the place of one of that name. */
  users: z.array(trapUserSchema).max(100).optional(),
  /** Names that are no longer taken. */
  withoutUsers: z.array(z.string().max(64)).optional(),
});
export type TrapSettings = z.infer<typeof trapSettingsSchema>;
