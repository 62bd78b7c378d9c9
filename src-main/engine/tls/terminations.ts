import { createHash } from 'node:crypto';
import type { ClientTlsSettings } from '../config/tls.ts';
import type { Configuration, OcspAnswers, TicketKeys } from '../messages.ts';
import { TlsTermination } from './server.ts';

/** The TLS of all virtual servers of a worker: what a reload does not change is not made again. */
export class TlsTerminations {
  readonly #byServer = new Map<string, TlsTermination>();
  /** Asked at each handshake that wants one. */
  readonly #staples = new Map<string, Buffer>();

  of(
    name: string,
    settings: ClientTlsSettings | undefined,
    { tls, ticketKeys }: Pick<Configuration, 'tls' | 'ticketKeys'>,
  ): TlsTermination | undefined {
    const material = tls.servers[name];
    if (settings === undefined || material === undefined) {
      this.#byServer.delete(name);
      return undefined;
    }
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([settings, material]))
      .digest('hex');
    const known = this.#byServer.get(name);
    if (known?.fingerprint === fingerprint) return known;
    const keys = ticketKeys[name];
    const ticketKey = keys === undefined ? undefined : Buffer.from(keys);
    const made = new TlsTermination(settings, material, fingerprint, ticketKey, this.#staples);
    this.#byServer.set(name, made);
    return made;
  }

  setStaples(answers: OcspAnswers): void {
    this.#staples.clear();
    for (const [fingerprint, bytes] of Object.entries(answers)) this.#staples.set(fingerprint, Buffer.from(bytes));
  }

  setTicketKeys(keys: TicketKeys): void {
    for (const [name, key] of Object.entries(keys)) this.#byServer.get(name)?.setTicketKeys(Buffer.from(key));
  }
}
