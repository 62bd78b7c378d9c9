import {
  type FindAnswer,
  type Found,
  type FoundIn,
  foundKinds,
  type FoundRank,
  foundRanks,
} from '../../contract/find.ts';
import { type AddressAndPort, isWithin, type Network, readAddress, readNetwork } from './addresses.ts';
import type { FieldText, FindEntry } from './index-device.ts';

/** A device as it is searched, with what is to be said of it. */
export interface Searched extends FoundIn {
  readonly entries: readonly FindEntry[];
}

const usualLimit = 50;
const longestText = 200;

interface Word {
  readonly text: string;
  readonly address?: AddressAndPort;
  readonly network?: Network;
}
interface Fit {
  readonly rank: FoundRank;
  readonly field: FieldText;
}

/**
 * Looks at every object once. Every word of the query must fit the object or what it stands in, at least one the object itself.
 * An exact fit comes before an address of a network, a beginning and a part; a name before another field; then by kind.
 */
export function findObjects(devices: readonly Searched[], query: string, limit = usualLimit): FindAnswer {
  const words = wordsOf(query);
  const buckets = new Map<number, Found[]>();
  let total = 0;
  let objects = 0;
  for (const { device, standing, entries } of devices) {
    objects += entries.length;
    for (const entry of entries) {
      const fit = fitOf(entry, words);
      if (fit === undefined) continue;
      total += 1;
      const place = placeOf(entry, fit);
      const bucket = buckets.get(place) ?? [];
      if (bucket.length < limit) bucket.push(foundOf(entry, fit, words, device, standing));
      buckets.set(place, bucket);
    }
  }
  const ordered = [...buckets.entries()].toSorted(([a], [b]) => a - b).flatMap(([, found]) => found);
  const behind = devices.filter(({ standing }) => standing !== 'live').map(toldOf);
  return { found: ordered.slice(0, limit), total, objects, behind };
}

function wordsOf(query: string): readonly Word[] {
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter((text) => text !== '')
    .map((text) => {
      const address = readAddress(text);
      const network = readNetwork(text);
      return { text, ...(address === undefined ? {} : { address }), ...(network === undefined ? {} : { network }) };
    });
}

/** The worst fit of the words that fit the object itself; undefined where one fits nowhere, or none fits it. */
function fitOf(entry: FindEntry, words: readonly Word[]): Fit | undefined {
  let worst: Fit | undefined;
  for (const word of words) {
    const fit = wordFit(entry, word);
    if (fit === undefined) {
      if (!entry.context.includes(word.text)) return undefined;
    } else if (worst === undefined || rankOf(fit) > rankOf(worst)) worst = fit;
  }
  return worst;
}

function wordFit(entry: FindEntry, word: Word): Fit | undefined {
  const byAddress = addressFit(entry, word);
  if (byAddress !== undefined) return byAddress;
  return entry.hay.includes(word.text) ? textFit(entry, word.text) : undefined;
}

function addressFit({ addresses }: FindEntry, { address, network }: Word): Fit | undefined {
  for (const { digits, port, field } of addresses) {
    if (address?.digits === digits && (address.port === undefined || address.port === port))
      return { rank: 'exact', field };
    if (network !== undefined && isWithin(network, digits)) return { rank: 'network', field };
  }
  return undefined;
}

/** The best fit among its texts; the last part of a path (`/Common/web`, `/etc/ssl/web.pem`) counts as a text of its own. */
function textFit({ fields }: FindEntry, word: string): Fit | undefined {
  let best: Fit | undefined;
  for (const field of fields) {
    const text = field.text.toLowerCase();
    if (!text.includes(word)) continue;
    const tail = text.slice(text.lastIndexOf('/') + 1);
    const rank =
      text === word || tail === word
        ? 'exact'
        : text.startsWith(word) || tail.startsWith(word)
          ? 'prefix'
          : 'substring';
    if (rank === 'exact') return { rank, field };
    if (best === undefined || (rank === 'prefix' && best.rank === 'substring')) best = { rank, field };
  }
  return best;
}

function toldOf({ device, standing, asOf, why }: Searched): FoundIn {
  return { device, standing, ...(asOf === undefined ? {} : { asOf }), ...(why === undefined ? {} : { why }) };
}

function rankOf({ rank }: Fit): number {
  return foundRanks.indexOf(rank);
}

function placeOf({ kind }: FindEntry, fit: Fit): number {
  const isOther = fit.field.field === 'name' ? 0 : 1;
  return (rankOf(fit) * 2 + isOther) * foundKinds.length + foundKinds.indexOf(kind);
}

function foundOf(
  { kind, name, pool, place }: FindEntry,
  { rank, field }: Fit,
  words: readonly Word[],
  device: string,
  standing: Found['standing'],
): Found {
  const matched = { field: field.field, text: lineOf(field.text, words) };
  return { kind, device, name, ...(pool === undefined ? {} : { pool }), rank, matched, standing, place };
}

/** Of a text of several lines the one that fits. */
function lineOf(text: string, words: readonly Word[]): string {
  const lines = text.split('\n');
  const line = lines.find((each) => words.some((word) => each.toLowerCase().includes(word.text))) ?? lines[0] ?? '';
  return line.trim().slice(0, longestText);
}
