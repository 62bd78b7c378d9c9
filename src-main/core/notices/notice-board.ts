import type { Attention, Tick } from '../../contract/api.ts';
import type { Place } from '../../contract/place.ts';

/** One message to a person who looks elsewhere. */
export interface Notice {
  readonly title: string;
  readonly body: string;
  /** What a click opens. */
  readonly place: Place;
}

export interface NoticeRules {
  /** A fault that is gone sooner is none. */
  readonly holdMs: number;
  /** Between two messages; what happens meanwhile goes into one. */
  readonly gapMs: number;
  /** How long after waking up a device may take to answer. */
  readonly settleMs: number;
}

const usualRules: NoticeRules = { holdMs: 5000, gapMs: 15_000, settleMs: 60_000 };
const shownSentences = 4;

interface Fault {
  readonly line: Attention;
  readonly sinceMs: number;
  /** `silent`: it was there at first, or a person caused it. */
  readonly state: 'held' | 'told' | 'silent';
}
interface News {
  readonly line: Attention;
  readonly sentence: string;
}

/**
 * Decides what of the ticks is worth a message: faults that came or went, in groups, not too often; never what was there when a device
 * was first seen, what a person caused, or what sleep did.
 */
export class NoticeBoard {
  readonly #rules: NoticeRules;
  readonly #faults = new Map<string, Fault>();
  readonly #known = new Set<string>();
  /** Devices that have not answered since waking up. */
  #settling = new Set<string>();
  #settlesAtMs = 0;
  #news: News[] = [];
  #toldAtMs = -Infinity;

  constructor(rules: NoticeRules = usualRules) {
    this.#rules = rules;
  }

  /** After sleep each device gets time to answer before its silence is a fault. */
  wake(nowMs: number): void {
    this.#settling = new Set(this.#known);
    this.#settlesAtMs = nowMs + this.#rules.settleMs;
  }

  /** Takes a tick in; answers the message that is due, if one is. `isCaused`: a person is changing that device now. */
  take(tick: Tick, nowMs: number, isCaused: (device: string) => boolean): Notice | undefined {
    this.#settle(tick, nowMs);
    const lines = tick.attention.filter((line) => isFault(line) && !this.#settling.has(line.device));
    const present = new Set(lines.map(keyOf));
    for (const line of lines) this.#see(line, nowMs, isCaused(line.device));
    const devices = new Set(tick.devices.map(({ device }) => device));
    for (const [key, fault] of this.#faults) {
      if (!present.has(key) && !this.#settling.has(fault.line.device)) this.#end(key, fault, devices, isCaused);
    }
    for (const { device, freshness } of tick.devices) if (freshness !== 'waiting') this.#known.add(device);
    for (const device of this.#known) if (!devices.has(device)) this.#known.delete(device);
    return this.#due(nowMs);
  }

  #settle(tick: Tick, nowMs: number): void {
    if (nowMs >= this.#settlesAtMs) this.#settling.clear();
    for (const { device, freshness } of tick.devices) if (freshness === 'fresh') this.#settling.delete(device);
  }

  #see(line: Attention, nowMs: number, isCaused: boolean): void {
    const key = keyOf(line);
    const fault = this.#faults.get(key);
    if (fault === undefined) {
      const isSilent = isCaused || !this.#known.has(line.device);
      this.#faults.set(key, { line, sinceMs: nowMs, state: isSilent ? 'silent' : 'held' });
    } else if (fault.state === 'held' && isCaused) {
      this.#faults.set(key, { ...fault, state: 'silent' });
    } else if (fault.state === 'held' && nowMs - fault.sinceMs >= this.#rules.holdMs) {
      this.#faults.set(key, { ...fault, line, state: 'told' });
      this.#news.push({ line, sentence: line.sentence });
    }
  }

  #end(key: string, { line, state }: Fault, devices: ReadonlySet<string>, isCaused: (device: string) => boolean): void {
    this.#faults.delete(key);
    const isUntold = this.#news.some((news) => keyOf(news.line) === key);
    this.#news = this.#news.filter((news) => keyOf(news.line) !== key);
    if (state !== 'told' || isUntold || !devices.has(line.device) || isCaused(line.device)) return;
    this.#news.push({ line, sentence: `${subjectOf(line)} is well again.` });
  }

  #due(nowMs: number): Notice | undefined {
    if (this.#news.length === 0 || nowMs - this.#toldAtMs < this.#rules.gapMs) return undefined;
    const news = this.#news;
    this.#news = [];
    this.#toldAtMs = nowMs;
    return noticeOf(news);
  }
}

/** The line that only counts what did not fit is no fault of its own. */
function isFault({ severity, pool, member }: Attention): boolean {
  return severity === 'stale' || pool !== undefined || member !== undefined;
}

function keyOf({ severity, device, pool, member }: Attention): string {
  return JSON.stringify([severity, device, pool, member]);
}

function subjectOf({ device, pool, member }: Attention): string {
  return [device, pool, member].filter((part) => part !== undefined).join(' / ');
}

function noticeOf(news: readonly News[]): Notice {
  const [first] = news;
  const devices = [...new Set(news.map(({ line }) => line.device))];
  const sentences = news.slice(0, shownSentences).map(({ sentence }) => sentence);
  if (news.length > shownSentences) sentences.push(`And ${news.length - shownSentences} more.`);
  const where = devices.length === 1 ? (devices[0] ?? '') : `${devices.length} devices`;
  const title = news.length === 1 ? where : `${news.length} changes on ${where}`;
  return { title, body: sentences.join('\n'), place: placeOf(news.length === 1 ? first?.line : undefined, devices) };
}

function placeOf(line: Attention | undefined, devices: readonly string[]): Place {
  const [device] = devices;
  if (device === undefined || devices.length > 1) return { screen: 'overview' };
  if (line?.pool === undefined) return { screen: 'device', device };
  const member = line.member === undefined ? {} : { member: line.member };
  return { screen: 'pool', device, pool: line.pool, ...member };
}
