import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { TrapSettings, TrapState } from '../contract/events.ts';
import { trapUserSchema } from '../contract/events.ts';
import { AppError, type Problem, toProblem } from '../contract/errors.ts';
import type { Store } from '../store/open.ts';
import type { Notification } from '../transports/traps/notification.ts';
import { openTrapReceiver, type TrapReceiver } from '../transports/traps/receiver.ts';

const listenKey = 'traps.listen';
const engineIdKey = 'traps.engineId';
const bootsKey = 'traps.engineBoots';
/** Of the secrets store: community and users, as JSON. */
const secretName = 'traps';
const sendersSchema = z.strictObject({ community: z.string(), users: z.array(trapUserSchema) });
type Senders = z.infer<typeof sendersSchema>;

/** RFC 3411, SnmpEngineID: the first bit set, no enterprise of our own (0), then 12 octets as we like. */
const engineIdStart = Buffer.from('8000000005', 'hex');
const longestTold = 1000;

export interface TrapsTools {
  readonly store: Pick<Store, 'settings' | 'secrets'>;
  readonly onNotification: (notification: Notification) => void;
  /** Counts have moved, or the listener has opened or closed; at most once a second. */
  readonly onChange: () => void;
}

/** The listener for traps: off until it is given a port; known to senders by the same engine id at every start. */
export class Traps {
  readonly #tools: TrapsTools;
  #receiver: TrapReceiver | undefined;
  #problem: Problem | undefined;
  #wanted = '';
  #engineId = '';
  #senders: Senders = { community: '', users: [] };
  #timer: NodeJS.Timeout | undefined;
  #told = '';
  #changing: Promise<void> = Promise.resolve();

  constructor(tools: TrapsTools) {
    this.#tools = tools;
  }

  /** Opens the listener where the settings ask for one; what hinders it stands in the state. */
  async start(isWatching: boolean): Promise<void> {
    this.#wanted = (await this.#tools.store.settings.get(listenKey)) ?? '';
    this.#engineId = await this.#ownEngineId();
    if (isWatching) await this.reopen();
    else await this.#readSenders().catch(() => undefined); // locked: the state tells of no senders
  }

  /** After the secrets were unlocked, or the settings changed. One after the other. */
  reopen(): Promise<void> {
    this.#changing = this.#changing.then(() => this.#reopen());
    return this.#changing;
  }

  state(): TrapState {
    const counts = this.#receiver?.counts();
    return {
      wanted: this.#wanted,
      ...(this.#receiver === undefined ? {} : { listen: this.#receiver.listen }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
      engineId: this.#engineId,
      users: this.#senders.users.map(({ user }) => user),
      hasCommunity: this.#senders.community !== '',
      received: counts?.received ?? 0,
      taken: counts?.taken ?? 0,
      dropped: counts?.dropped ?? 0,
      refused: counts?.refused ?? { community: 0, user: 0, digest: 0, time: 0, unreadable: 0 },
    };
  }

  /** Throws INPUT_INVALID, SECRETS_LOCKED; where the port cannot be had the state says so. */
  async set(settings: TrapSettings, isWatching: boolean): Promise<TrapState> {
    if (settings.listen !== '') placeOf(settings.listen);
    const { secrets, settings: stored } = this.#tools.store;
    await this.#readSenders();
    const { community = this.#senders.community, users = [], withoutUsers = [] } = settings;
    const replaced = new Set([...users.map(({ user }) => user), ...withoutUsers]);
    const senders = { community, users: [...this.#senders.users.filter(({ user }) => !replaced.has(user)), ...users] };
    await secrets.put(secretName, JSON.stringify(senders));
    await stored.set(listenKey, settings.listen);
    this.#senders = senders;
    this.#wanted = settings.listen;
    if (isWatching) await this.reopen();
    return this.state();
  }

  async close(): Promise<void> {
    await this.#changing;
    clearInterval(this.#timer);
    await this.#receiver?.close();
  }

  async #reopen(): Promise<void> {
    await this.#receiver?.close();
    this.#receiver = undefined;
    this.#problem = undefined;
    clearInterval(this.#timer);
    try {
      if (this.#wanted === '') return;
      await this.#readSenders();
      this.#receiver = await openTrapReceiver({
        ...placeOf(this.#wanted),
        communities: this.#senders.community === '' ? [] : [this.#senders.community],
        users: this.#senders.users,
        engine: { id: Buffer.from(this.#engineId, 'hex'), boots: await this.#nextBoots() },
        nowMs: () => performance.now(),
        onNotification: this.#tools.onNotification,
      });
      this.#timer = setInterval(() => {
        this.#tellChange();
      }, longestTold).unref();
    } catch (error) {
      this.#problem = toProblem(error);
    } finally {
      this.#tellChange();
    }
  }

  #tellChange(): void {
    const now = JSON.stringify(this.state());
    if (now === this.#told) return;
    this.#told = now;
    this.#tools.onChange();
  }

  async #readSenders(): Promise<void> {
    const text = await this.#tools.store.secrets.get(secretName);
    if (text !== undefined) this.#senders = sendersSchema.parse(JSON.parse(text));
  }

  /** RFC 3414, 2.2: one more at each start, on the disk before anything is signed with it. */
  async #nextBoots(): Promise<number> {
    const { settings } = this.#tools.store;
    const boots = Number((await settings.get(bootsKey)) ?? 0) + 1;
    await settings.set(bootsKey, String(boots));
    return boots;
  }

  async #ownEngineId(): Promise<string> {
    const { settings } = this.#tools.store;
    const known = await settings.get(engineIdKey);
    if (known !== undefined && /^([0-9a-f]{2}){5,32}$/.test(known)) return known;
    const id = Buffer.concat([engineIdStart, randomBytes(12)]).toString('hex');
    await settings.set(engineIdKey, id);
    return id;
  }
}

/** `host:port` or `[v6]:port`. Throws INPUT_INVALID. */
function placeOf(listen: string): { host: string; port: number } {
  const [, v6, host, port] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(listen) ?? [];
  const number = Number(port);
  if (port === undefined || number > 65_535) {
    throw new AppError('INPUT_INVALID', `"${listen}" is no place to listen: give HOST:PORT, as 0.0.0.0:1162.`);
  }
  return { host: v6 ?? host ?? '', port: number };
}
