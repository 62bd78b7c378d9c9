import type { DeviceEvent, EventObject, NewEvent } from '../contract/events.ts';
import { locate } from '../core/events/locate.ts';
import type { Notification } from '../transports/traps/notification.ts';
import { storyOf } from '../vendors/mib/notifications.ts';
import { UpTime } from '../vendors/mib/up-time.ts';
import type { Device } from './device.ts';

export interface EventBookTools {
  readonly devices: () => readonly Device[];
  /** The device that has an address, by its own or the one that it is polled by. */
  readonly deviceAt: (address: string) => string | undefined;
  readonly now: () => Date;
  readonly keep: (events: readonly NewEvent[]) => Promise<readonly DeviceEvent[]>;
  /** Called at most once a second, with the newest events first. */
  readonly tell: (latest: readonly DeviceEvent[]) => void;
}

const flushMs = 1000;
/** Told to windows with each change. */
const shown = 50;
const mostUpTimes = 1000;

/** What devices tell by themselves becomes events on their objects; kept and told by the second, however fast they come. */
export class EventBook {
  readonly #tools: EventBookTools;
  readonly #upTimes = new Map<string, { readonly upTime: UpTime; epoch: string }>();
  readonly #timer: NodeJS.Timeout;
  #waiting: NewEvent[] = [];
  #latest: readonly DeviceEvent[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(tools: EventBookTools) {
    this.#tools = tools;
    this.#timer = setInterval(() => {
      void this.flush();
    }, flushMs).unref();
  }

  take(notification: Notification): void {
    const { from, agent, kind } = notification;
    const story = storyOf(notification);
    const device = (agent === undefined ? undefined : this.#tools.deviceAt(agent)) ?? this.#tools.deviceAt(from);
    const objects = device === undefined ? [] : this.#locate(device, story.pointer);
    const at = this.#tools.now();
    const place = { at: at.toISOString(), from, ...(device === undefined ? {} : { device }) };
    this.#waiting.push({
      ...place,
      kind,
      name: story.name,
      severity: story.severity,
      sentence: story.sentence.slice(0, 1000),
      objects,
      values: story.values.slice(0, 50),
    });
    // A start that the device tells of itself is its own event already.
    if (this.#hasRestarted(agent ?? from, at, notification.upTime) && !story.isStart) {
      this.#waiting.push(restarted({ ...place, sentence: `${device ?? from} has started anew: its up-time fell.` }));
    }
  }

  /** A poll saw that a device counts anew. */
  restarted(device: string): void {
    const at = this.#tools.now().toISOString();
    this.#waiting.push(
      restarted({ at, device, sentence: `${device} counts anew since the last poll: it, or its agent, has started.` }),
    );
  }

  /** Writes and tells what has come; events that could not be kept are told with the next. */
  flush(): Promise<void> {
    const events = this.#waiting;
    this.#waiting = [];
    if (events.length > 0) this.#writing = this.#writing.then(() => this.#write(events));
    return this.#writing;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  get latest(): readonly DeviceEvent[] {
    return this.#latest;
  }

  async #write(events: readonly NewEvent[]): Promise<void> {
    try {
      const kept = await this.#tools.keep(events);
      this.#latest = [...kept.toReversed(), ...this.#latest].slice(0, shown);
      this.#tools.tell(this.#latest);
    } catch {
      // A full disk is told by whoever writes samples; events of that time are not kept.
    }
  }

  #locate(name: string, pointer: Parameters<typeof locate>[0]): readonly EventObject[] {
    const sample = this.#tools.devices().find(({ spec }) => spec.name === name)?.latest;
    return sample === undefined ? [] : locate(pointer, sample).slice(0, 20);
  }

  #hasRestarted(sender: string, at: Date, hundredths: number | undefined): boolean {
    if (hundredths === undefined) return false;
    const known = this.#upTimes.get(sender);
    const upTime = known?.upTime ?? new UpTime();
    const epoch = upTime.epochAt(at, hundredths);
    if (this.#upTimes.size >= mostUpTimes && known === undefined) this.#upTimes.clear();
    this.#upTimes.set(sender, { upTime, epoch });
    return known !== undefined && known.epoch !== epoch;
  }
}

function restarted(parts: Pick<NewEvent, 'at' | 'device' | 'from' | 'sentence'>): NewEvent {
  return { ...parts, kind: 'restarted', name: 'restarted', severity: 'note', objects: [], values: [] };
}
