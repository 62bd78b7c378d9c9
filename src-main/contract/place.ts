import { z } from 'zod';
import { AppError } from './errors.ts';

const name = z.string().min(1).max(1024);

/** A place in the window. Names of devices, pools and servers come from devices and may hold anything. */
export const placeSchema = z.union([
  z.strictObject({ screen: z.enum(['overview', 'change', 'devices', 'add', 'lab', 'settings']) }),
  z.strictObject({ screen: z.enum(['device', 'push', 'history']), device: name }),
  z.strictObject({ screen: z.literal('pool'), device: name, pool: name, member: name.optional() }),
  z.strictObject({ screen: z.literal('virtual-server'), device: name, virtualServer: name }),
]);
export type Place = z.infer<typeof placeSchema>;

/** A place as words with slashes between: `pool/hap-1/web`. */
export function placePath(place: Place): string {
  const parts: string[] = [place.screen];
  if ('device' in place) parts.push(place.device);
  if ('pool' in place) parts.push(place.pool);
  if ('member' in place && place.member !== undefined) parts.push(place.member);
  if ('virtualServer' in place) parts.push(place.virtualServer);
  return parts.map(encodeURIComponent).join('/');
}

/** The place that a path names; undefined where it names none. */
export function readPlace(path: string): Place | undefined {
  const [screen, first, second, third, ...more] = path.split('/').map(decode);
  if (more.length > 0) return undefined;
  const candidate =
    screen === 'virtual-server'
      ? { screen, device: first, virtualServer: second, ...(third === undefined ? {} : { third }) }
      : Object.fromEntries(
          Object.entries({ screen, device: first, pool: second, member: third }).filter(
            ([, part]) => part !== undefined,
          ),
        );
  const parsed = placeSchema.safeParse(candidate);
  return parsed.success ? parsed.data : undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a lone % that somebody typed: taken as it stands
  }
}

const longestLink = 4096;

/** The link of a place, as mails and tickets hold it: `steelyard://open/pool/hap-1/web`. */
export function placeLink(place: Place): string {
  return `steelyard://open/${placePath(place)}`;
}

/**
 * The place that a link names. Links come from anywhere: whatever is not exactly a place is refused, and a link can do nothing but open
 * one. Throws INPUT_INVALID in words that quote nothing of the link but its first letters.
 */
export function readLink(link: string): Place {
  if (link.length > longestLink) throw refused(link, `it is longer than ${longestLink} characters`);
  const [, host, path] = /^steelyard:\/\/([^/?#]*)(.*)$/is.exec(link) ?? [];
  if (host === undefined || path === undefined) {
    throw refused(link, 'it is none of ours: such a link begins with steelyard://open/');
  }
  if (host !== 'open') throw refused(link, 'a link opens a place and does nothing else: steelyard://open/…');
  if (/[?#]/.test(path)) throw refused(link, 'it carries more than a place');
  const place = readPlace(path.replace(/^\//, ''));
  if (place === undefined) throw refused(link, 'it names no place that there is');
  return place;
}

function refused(link: string, why: string): AppError {
  // Control and direction characters would let a link draw what it is not.
  const shown = link.slice(0, 60).replace(/[^\x20-\x7E]/g, '?');
  return new AppError('INPUT_INVALID', `The link "${shown}" is refused: ${why}. Nothing was opened.`);
}
