import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { checkServerIdentity, createSecureContext, type ConnectionOptions } from 'node:tls';
import type { MemberTlsSettings } from '../config/tls.ts';
import { contextOptions } from './profiles.ts';

/** TLS towards the members of one pool: one context for all connections, made when the configuration changes it. */
export class MemberTls {
  /** What it was made of: the same text = nothing has changed. */
  readonly fingerprint: string;
  readonly #settings: MemberTlsSettings;
  readonly #context: ReturnType<typeof createSecureContext>;
  readonly #protocols: readonly string[];

  /** `hasHttp2` = nothing else is offered. */
  constructor(settings: MemberTlsSettings, authorities: string, hasHttp2: boolean, fingerprint: string) {
    this.#protocols = [hasHttp2 ? 'h2' : 'http/1.1'];
    this.fingerprint = fingerprint;
    this.#settings = settings;
    this.#context = createSecureContext({
      ...contextOptions(settings.parameters),
      ...(authorities === '' ? {} : { ca: authorities }),
    });
  }

  /** What a connection to this address asks for. `session` is of an earlier one, to be resumed. */
  options(address: string, session: Buffer | undefined): ConnectionOptions {
    const { verify, serverName, sendSni } = this.#settings;
    const name = serverName === '' ? address : serverName;
    return {
      secureContext: this.#context,
      rejectUnauthorized: verify,
      // RFC 6066 3: an address is no server name.
      servername: sendSni && isIP(name) === 0 ? name : '',
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
      ALPNProtocols: [...this.#protocols],
      ...(session === undefined ? {} : { session }),
    };
  }
}

/** The TLS of a pool, the same as before where nothing has changed. Undefined = clear text. */
export function memberTls(
  settings: MemberTlsSettings | undefined,
  authorities: string,
  hasHttp2: boolean,
  before: MemberTls | undefined,
): MemberTls | undefined {
  if (settings === undefined) return undefined;
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([settings, authorities, hasHttp2]))
    .digest('hex');
  return before?.fingerprint === fingerprint ? before : new MemberTls(settings, authorities, hasHttp2, fingerprint);
}
