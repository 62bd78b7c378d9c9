import { constants, createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { ClientTlsSettings, ServerMaterial } from '../config/tls.ts';
import type { Certificate } from './certificate.ts';
import type { ClientHello } from './client-hello.ts';
import { contextOptions } from './profiles.ts';

/** What becomes of a handshake. */
export interface HandshakeOwner {
  readonly onSecure: (socket: TLSSocket) => void;
  readonly onHandshakeFailed: (error: Error) => void;
}

/** One certificate's part of a virtual server: Node.js has one certificate a context, so each has a server of its own. */
interface CertificateServer {
  readonly certificate: Certificate;
  readonly server: Server;
}

/** Signature schemes of ECDSA and EdDSA (RFC 8446 4.2.3) by the type of key that makes them. */
const schemesOf: Readonly<Record<string, readonly number[]>> = {
  ec: [0x0403, 0x0503, 0x0603],
  ed25519: [0x0807],
  ed448: [0x0808],
};

/** Node takes null as no answer, which its types leave out. */
const noStaple = null as unknown as Buffer;

/** Who waits for a handshake, by the raw socket that it runs on. */
const owners = new WeakMap<Socket, HandshakeOwner>();

/**
 * TLS of one virtual server in a worker: chooses the certificate and hands sockets to Node's own TLS. A reload makes a new
 * one; connections that run keep the contexts that they began with.
 */
export class TlsTermination {
  readonly isStrict: boolean;
  /** What it was made of: the same text = nothing has changed. */
  readonly fingerprint: string;
  readonly #servers: readonly CertificateServer[];
  readonly #byName = new Map<string, CertificateServer[]>();

  constructor(
    settings: ClientTlsSettings,
    material: ServerMaterial,
    fingerprint: string,
    ticketKeys: Buffer | undefined,
    staples: ReadonlyMap<string, Buffer>,
  ) {
    this.fingerprint = fingerprint;
    this.isStrict = settings.strictSni;
    const shared = sharedOptions(settings, material, ticketKeys);
    this.#servers = material.certificates.map((certificate) => {
      const server = open({ ...shared, cert: certificate.chain, key: certificate.key });
      // The event costs every handshake something, so it is listened to where it is wanted.
      if (settings.ocspStapling) {
        server.on('OCSPRequest', (_certificate, _issuer, answer) => {
          answer(null, staples.get(certificate.fingerprint) ?? noStaple);
        });
      }
      return { certificate, server };
    });
    for (const each of this.#servers) {
      for (const name of each.certificate.names) this.#byName.set(name, [...(this.#byName.get(name) ?? []), each]);
    }
  }

  /** True where the one certificate serves whoever comes: its name need not be read first. */
  get hasOneAnswer(): boolean {
    return this.#servers.length === 1 && !this.isStrict;
  }

  /** The server for this client; undefined = none (strictSni and no certificate of that name). */
  choose(hello: ClientHello | undefined): Server | undefined {
    const [first] = this.#servers;
    if (hello === undefined) return this.isStrict ? undefined : first?.server;
    const named = this.#ofName(hello.serverName);
    if (named === undefined && this.isStrict) return undefined;
    const candidates = named ?? this.#ofName(first?.certificate.names[0] ?? '') ?? this.#servers.slice(0, 1);
    return best(candidates, hello)?.server;
  }

  setTicketKeys(keys: Buffer): void {
    for (const { server } of this.#servers) server.setTicketKeys(keys);
  }

  #ofName(name: string): readonly CertificateServer[] | undefined {
    if (name === '') return undefined;
    const dot = name.indexOf('.');
    return this.#byName.get(name) ?? (dot < 0 ? undefined : this.#byName.get(`*${name.slice(dot)}`));
  }
}

/** Starts the handshake on a raw socket, whose bytes read so far were put back. A client that ends meanwhile is gone. */
export function startHandshake(server: Server, raw: Socket, owner: HandshakeOwner): void {
  owners.set(raw, owner);
  raw.allowHalfOpen = false;
  server.emit('connection', raw);
}

/** The first that the client can verify, those with short signatures before RSA; the first of all where none can be. */
function best(candidates: readonly CertificateServer[], hello: ClientHello): CertificateServer | undefined {
  if (candidates.length < 2) return candidates[0];
  const usable = candidates.filter(({ certificate }) => canVerify(certificate, hello));
  return usable.find(({ certificate }) => certificate.keyType !== 'rsa') ?? usable[0] ?? candidates[0];
}

function canVerify({ keyType }: Certificate, hello: ClientHello): boolean {
  const schemes = schemesOf[keyType];
  // RSA is what a client without the extension knows (RFC 5246 7.4.1.4.1).
  return schemes === undefined || schemes.some((scheme) => hello.signatureAlgorithms.includes(scheme));
}

function sharedOptions(
  settings: ClientTlsSettings,
  material: ServerMaterial,
  ticketKeys: Buffer | undefined,
): TlsOptions {
  const { clientAuth } = settings;
  const base = contextOptions(settings.parameters);
  // Sessions count only where the same clients were let in: another list of authorities makes them void.
  const context = createHash('sha256').update(JSON.stringify([clientAuth, material.authorities, material.revoked]));
  return {
    ...base,
    secureOptions: (base.secureOptions ?? 0) | (settings.sessionTickets ? 0 : constants.SSL_OP_NO_TICKET),
    sessionIdContext: context.digest('hex').slice(0, 32),
    ALPNProtocols: [...settings.alpn],
    requestCert: clientAuth !== 'none',
    rejectUnauthorized: clientAuth === 'required',
    ...(material.authorities === '' ? {} : { ca: material.authorities }),
    ...(material.revoked === '' ? {} : { crl: material.revoked }),
    ...(ticketKeys === undefined ? {} : { ticketKeys }),
  };
}

function open(options: TlsOptions): Server {
  const server = createServer(options);
  server.on('secureConnection', (socket) => {
    const raw = rawOf(socket);
    const owner = raw === undefined ? undefined : owners.get(raw);
    if (owner === undefined) socket.destroy();
    else {
      socket.allowHalfOpen = true;
      owner.onSecure(socket);
    }
  });
  server.on('tlsClientError', (error, socket) => {
    const raw = rawOf(socket);
    if (raw !== undefined) owners.get(raw)?.onHandshakeFailed(error);
  });
  return server;
}

/** The socket that TLS runs on, which Node.js keeps in a member that its documentation does not name. */
function rawOf(socket: TLSSocket): Socket | undefined {
  return (socket as unknown as { readonly _parent?: Socket })._parent;
}
