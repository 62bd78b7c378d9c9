import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { EngineSettings } from '../config/settings.ts';
import type { AcmeSettings } from '../config/acme.ts';
import { readCertificate } from '../tls/certificate.ts';
import { makeSelfSigned } from '../tls/self-signed.ts';
import type { AcmeAnswers, AcmeOrder } from './messages.ts';
import type { OrderOptions } from './order.ts';
import { renewAtMs, retryInMs } from './schedule.ts';
import { AcmeStore, certificateId, newKey } from './store.ts';

/** Timers are looked at again this often: a machine that slept has not run them. */
const longestWaitMs = 3_600_000;

/** PEM. */
interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

interface Wish {
  /** How virtual servers call it: most have one name for it. */
  readonly names: readonly string[];
  readonly settings: AcmeSettings;
}

interface Kept {
  readonly id: string;
  wish: Wish;
  pem: CertificateAndKey;
  /** Self-signed: nobody has issued one yet. */
  isPlaceholder: boolean;
  /** In a row. */
  failures: number;
  dueMs: number;
  cancelTimer: () => void;
}

/** What the keeper is given, so that a test can own it. */
export interface KeeperParts {
  readonly now: () => number;
  /** Answers the function that cancels it. */
  readonly setTimer: (work: () => void, waitMs: number) => () => void;
  readonly chance: () => number;
  readonly order: (order: AcmeOrder, options: OrderOptions) => Promise<string>;
  /** Resolves when every worker gives these answers and no others. */
  readonly answer: (answers: AcmeAnswers) => Promise<void>;
  /** A certificate is another now: whoever serves must take it. */
  readonly onIssued: () => Promise<void>;
  readonly tell: (certificate: string, change: string, about: Readonly<Record<string, unknown>>) => void;
}

/**
 * Keeps the certificates that an authority issues (RFC 8555, http-01): has one for every wish at once, be it self-signed,
 * orders them one after another, renews them in time, and tries again later where that fails.
 */
export class AcmeKeeper {
  readonly #parts: KeeperParts;
  readonly #kept = new Map<string, Kept>();
  readonly #closing = new AbortController();
  #store: AcmeStore | undefined;
  #answers: AcmeAnswers = {};
  #queue: Promise<void> = Promise.resolve();

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** What workers are to answer to authorities now. */
  answers(): AcmeAnswers {
    return this.#answers;
  }

  /** A certificate for each wish of these settings, by its name. Throws PERMISSION_DENIED; nothing is ordered yet. */
  async prepare(settings: EngineSettings): Promise<ReadonlyMap<string, CertificateAndKey>> {
    const wishes = wishesOf(settings);
    if (wishes.size === 0) return new Map();
    const store = new AcmeStore(settings.stateDirectory);
    await store.open();
    this.#store = store;
    const pems = new Map<string, CertificateAndKey>();
    for (const [id, wish] of wishes) {
      const kept = this.#kept.get(id) ?? (await this.#load(store, id, wish));
      this.#kept.set(id, kept);
      for (const name of wish.names) pems.set(name, kept.pem);
    }
    return pems;
  }

  /** These settings run: what they wish is ordered and renewed, the rest is left. `mustRetry` does not wait after failures. */
  configure(settings: EngineSettings, mustRetry: boolean): void {
    const wishes = wishesOf(settings);
    for (const [id, kept] of this.#kept) {
      kept.cancelTimer();
      const wish = wishes.get(id);
      if (wish === undefined) this.#kept.delete(id);
      else {
        kept.wish = wish;
        if (mustRetry && kept.failures > 0) kept.dueMs = this.#parts.now();
        this.#arm(kept);
      }
    }
  }

  close(): void {
    this.#closing.abort();
    for (const { cancelTimer } of this.#kept.values()) cancelTimer();
    this.#kept.clear();
  }

  async #load(store: AcmeStore, id: string, wish: Wish): Promise<Kept> {
    const { settings, names } = wish;
    const common = { id, wish, failures: 0, cancelTimer: () => undefined };
    const name = names[0] ?? '';
    const text = await store.readCertificate(id);
    if (text !== undefined) {
      try {
        const { chain, key } = readCertificate(name, text, text);
        return { ...common, pem: { cert: chain, key }, isPlaceholder: false, dueMs: this.#dueOf(chain) };
      } catch (error) {
        // It is ordered anew: nobody has to mend it by hand.
        this.#parts.tell(name, 'acme-failed', { reason: `the stored certificate ${wordsOf(error)}` });
      }
    }
    const pem = makeSelfSigned(settings.names, this.#parts.now());
    this.#parts.tell(name, 'placeholder', {
      names: settings.names,
      reason: 'self-signed until the authority issues one',
    });
    return { ...common, pem, isPlaceholder: true, dueMs: this.#parts.now() };
  }

  #dueOf(chain: string): number {
    const { validFromDate, validToDate } = new X509Certificate(chain); // the first of the chain
    return renewAtMs({ fromMs: validFromDate.getTime(), untilMs: validToDate.getTime() }, this.#parts.chance());
  }

  #arm(kept: Kept): void {
    kept.cancelTimer();
    const waitMs = Math.min(Math.max(0, kept.dueMs - this.#parts.now()), longestWaitMs);
    kept.cancelTimer = this.#parts.setTimer(() => {
      if (kept.dueMs > this.#parts.now()) this.#arm(kept);
      else this.#queue = this.#queue.then(() => this.#renew(kept));
    }, waitMs);
  }

  async #renew(kept: Kept): Promise<void> {
    const store = this.#store;
    if (store === undefined || this.#isGone(kept) || kept.dueMs > this.#parts.now()) return;
    const { names, directory } = kept.wish.settings;
    this.#tell(kept, 'ordering', { names, directory });
    try {
      kept.pem = await this.#order(store, kept);
    } catch (error) {
      this.#failed(kept, wordsOf(error));
      return;
    }
    const change = kept.isPlaceholder ? 'issued' : 'renewed';
    Object.assign(kept, { isPlaceholder: false, failures: 0, dueMs: this.#dueOf(kept.pem.cert) });
    if (this.#isGone(kept)) return;
    const { validTo, serialNumber } = new X509Certificate(kept.pem.cert);
    try {
      await this.#parts.onIssued();
      this.#tell(kept, change, { serial: serialNumber, notAfter: validTo, renewAt: timeText(kept.dueMs) });
    } catch (error) {
      // It is stored: the next change or start takes it. Ordering another would not help.
      this.#tell(kept, 'acme-failed', { reason: `it was issued, but not taken: ${wordsOf(error)}` });
    }
    if (!this.#isGone(kept)) this.#arm(kept);
  }

  #failed(kept: Kept, reason: string): void {
    if (this.#isGone(kept)) return;
    kept.failures++;
    kept.dueMs = this.#parts.now() + retryInMs(kept.failures, this.#parts.chance());
    this.#tell(kept, 'acme-failed', { reason, failures: kept.failures, retryAt: timeText(kept.dueMs) });
    this.#arm(kept);
  }

  #tell(kept: Kept, change: string, about: Readonly<Record<string, unknown>>): void {
    this.#parts.tell(kept.wish.names[0] ?? '', change, about);
  }

  /** A new key each time: an old one that leaked is worth nothing after a renewal. */
  async #order(store: AcmeStore, { id, wish }: Kept): Promise<CertificateAndKey> {
    const { directory, email, names, caFile } = wish.settings;
    const authorities = caFile === '' ? '' : await readFile(caFile, 'utf8');
    const [accountKey, key] = [await store.accountKey(directory), newKey()];
    const chain = await this.#parts.order(
      { directory, email, names, authorities, accountKey, key },
      {
        signal: this.#closing.signal,
        answer: (answers) => {
          this.#answers = answers;
          return this.#parts.answer(answers);
        },
      },
    );
    readCertificate(id, chain, key); // that it belongs to the key and OpenSSL takes it
    await store.writeCertificate(id, `${key.trim()}\n${chain.trim()}\n`);
    return { cert: chain, key };
  }

  /** Nobody wishes it any more. */
  #isGone(kept: Kept): boolean {
    return this.#closing.signal.aborted || this.#kept.get(kept.id) !== kept;
  }
}

/** Every certificate that is to be issued, once each however many virtual servers show it. */
function wishesOf(settings: EngineSettings): ReadonlyMap<string, Wish> {
  const wishes = new Map<string, Wish>();
  for (const { tls, protocol } of settings.virtualServers) {
    if (tls === undefined || protocol === 'tls-passthrough') continue;
    for (const { name, acme } of tls.certificates) {
      if (acme === undefined) continue;
      const id = certificateId(acme.directory, acme.names);
      wishes.set(id, { names: [...(wishes.get(id)?.names ?? []), name], settings: acme });
    }
  }
  return wishes;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
