/** How many datagrams are looked at: so many at once and so many a second, of one sender and of all together. */
export interface AdmissionRules {
  readonly perSender: Bucket;
  readonly all: Bucket;
}
interface Bucket {
  readonly burst: number;
  readonly perSecond: number;
}

/** A box in trouble tells of some hundred members at once; nobody reads more than this. */
export const usualAdmission: AdmissionRules = {
  perSender: { burst: 300, perSecond: 30 },
  all: { burst: 1000, perSecond: 200 },
};
const mostSenders = 1000;

interface Level {
  left: number;
  atMs: number;
}

/** Token buckets before anything of a datagram is read: a storm of one sender takes nothing from the others, and costs next to nothing. */
export class Admission {
  readonly #rules: AdmissionRules;
  readonly #senders = new Map<string, Level>();
  #all: Level;

  constructor(rules: AdmissionRules, nowMs: number) {
    this.#rules = rules;
    this.#all = { left: rules.all.burst, atMs: nowMs };
  }

  admits(sender: string, nowMs: number): boolean {
    const { perSender, all } = this.#rules;
    const own = refilled(this.#senders.get(sender) ?? { left: perSender.burst, atMs: nowMs }, perSender, nowMs);
    // Forged senders are without number: those that have been full again the longest go first.
    if (this.#senders.size >= mostSenders && !this.#senders.has(sender)) this.#forget();
    this.#senders.delete(sender);
    this.#senders.set(sender, own);
    if (own.left < 1) return false;
    this.#all = refilled(this.#all, all, nowMs);
    if (this.#all.left < 1) return false;
    own.left -= 1;
    this.#all.left -= 1;
    return true;
  }

  #forget(): void {
    const [oldest] = this.#senders.keys();
    if (oldest !== undefined) this.#senders.delete(oldest);
  }
}

function refilled({ left, atMs }: Level, { burst, perSecond }: Bucket, nowMs: number): Level {
  return { left: Math.min(burst, left + ((nowMs - atMs) / 1000) * perSecond), atMs: nowMs };
}
