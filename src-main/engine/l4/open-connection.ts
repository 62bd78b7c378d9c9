import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ClientConnection } from '../http1/client.ts';
import type { Endpoint } from '../http1/request-view.ts';
import { Http2Connection } from '../http2/connection.ts';
import { PrefaceReader } from '../http2/preface.ts';

import type { WorkerContext } from '../runtime/context.ts';
import type { Listener } from '../runtime/listener.ts';
import type { Attach } from '../sockets/accept.ts';
import type { ByteReader } from '../sockets/byte-reader.ts';
import { attachTls } from '../sockets/attach-tls.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';
import { TlsAccept } from '../tls/accept.ts';
import { ProxyPreface } from './proxy-preface.ts';
import { RelayedConnection } from './relayed-connection.ts';

const nothing = Buffer.alloc(0);

/** Gives an accepted connection to what its virtual server speaks, behind the PROXY header and TLS where there are such. */
export function openConnection(
  context: WorkerContext,
  listener: Listener,
  attach: Attach<ByteSocket>,
  attachSocket: Attach<Socket>,
): void {
  const { settings, tls } = listener.server;
  const { proxyProtocol } = settings;
  if (tls !== undefined) {
    // TLS needs a whole stream.
    if (proxyProtocol === 'none') openTls(context, listener, attachSocket);
    else {
      new ProxyPreface(context, listener, attachSocket, proxyProtocol, (attachBehind, endpoint, rest) =>
        feed(openTls(context, listener, attachBehind, endpoint, rest), rest),
      );
    }
    return;
  }
  const open = settings.protocol === 'http' && settings.http.http2 ? openEither : openPlain;
  if (proxyProtocol === 'none') open(context, listener, attach);
  else {
    new ProxyPreface(context, listener, attach, proxyProtocol, (attachBehind, endpoint, rest) =>
      feed(open(context, listener, attachBehind, endpoint), rest),
    );
  }
}

/** What was read already. True = read on. */
function feed(reader: ByteReader, rest: Buffer): boolean {
  return rest.length === 0 || reader.onBytes(rest, 0, rest.length);
}

function openTls(
  context: WorkerContext,
  listener: Listener,
  attach: Attach<Socket>,
  endpoint?: Endpoint,
  rest: Buffer = nothing,
): ByteReader {
  const { tls, settings } = listener.server;
  if (tls === undefined) return openPlain(context, listener, attach, endpoint);
  function openBehind(socket: TLSSocket): void {
    const inside = endpoint?.inside(socket);
    if (settings.protocol === 'http' && socket.alpnProtocol === 'h2') {
      new Http2Connection(context, listener, (reader) => attachTls(socket, reader), inside);
    } else openPlain(context, listener, (reader) => attachTls(socket, reader), inside);
  }
  return new TlsAccept(context, listener, tls, attach, openBehind, rest);
}

/** HTTP/2 or 1.1, as the client's first bytes say. */
function openEither(
  context: WorkerContext,
  listener: Listener,
  attach: Attach<ByteSocket>,
  endpoint?: Endpoint,
): ByteReader {
  return new PrefaceReader(context, listener, attach, endpoint);
}

function openPlain(
  context: WorkerContext,
  listener: Listener,
  attach: Attach<ByteSocket>,
  endpoint?: Endpoint,
): ByteReader {
  return listener.server.settings.protocol === 'http'
    ? new ClientConnection(context, listener, attach, undefined, endpoint)
    : new RelayedConnection(context, listener, attach, endpoint);
}
