import { z } from 'zod';
import type { Place } from './place.ts';

/** What can be found, in the order in which equals are listed. `text`: lines that the driver kept without a place in the model. */
export const foundKinds = [
  'device',
  'virtual-server',
  'pool',
  'node',
  'member',
  'certificate',
  'monitor',
  'profile',
  'text',
] as const;
export type FoundKind = (typeof foundKinds)[number];

/** How well it fits, best first. `network`: an address within the network that was asked for. */
export const foundRanks = ['exact', 'network', 'prefix', 'substring'] as const;
export type FoundRank = (typeof foundRanks)[number];

/**
 * How true what was searched is. `live`: the device answers; `offline`: it does not, what it last said stands; `stored`: not heard of
 * since the console started, its newest stored version was searched; `unread`: nothing but its name and address is known.
 */
export type Standing = 'live' | 'offline' | 'stored' | 'unread';

export const findSchema = z.strictObject({
  /** Words that must all fit; an address (IPv6 in any spelling, with a port or without), a network as 10.0.0.0/8, or text. */
  query: z.string().trim().min(1).max(400),
  limit: z.number().int().min(1).max(500).optional(),
});

export interface Found {
  readonly kind: FoundKind;
  readonly device: string;
  readonly name: string;
  /** Of a member. */
  readonly pool?: string;
  readonly rank: FoundRank;
  /** Which of its fields fits best, and that field's text (of a long one the line that fits). */
  readonly matched: { readonly field: string; readonly text: string };
  readonly standing: Standing;
  /** Where it is opened. */
  readonly place: Place;
}

export interface FoundIn {
  readonly device: string;
  readonly standing: Standing;
  /** When what was searched was read. */
  readonly asOf?: string;
  /** Why nothing newer, or nothing at all, could be searched. */
  readonly why?: string;
}

export interface FindAnswer {
  /** Best first. */
  readonly found: readonly Found[];
  /** How many fit, of which `found` holds the best. */
  readonly total: number;
  /** How many objects were looked at. */
  readonly objects: number;
  /** Devices whose present configuration was not searched. */
  readonly behind: readonly FoundIn[];
}
