import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import type { MonitorSettings } from '../config/settings.ts';
import { withClientTls } from './client-tls.ts';
import { excerpt, maxAnswerBytes } from './expectation.ts';
import { askOnce } from './http2-session.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/**
 * `grpc.health.v1.Health/Check` over HTTP/2 (grpc/doc/health-checking.md, PROTOCOL-HTTP2.md) must answer SERVING, for `service` or,
 * where that is empty, the whole server. In clear text with prior knowledge; with `tls` inside TLS.
 */
export const grpcMonitor: MonitorKind = { type: 'grpc', settings: ['service', 'host', 'tls'], probe };

const servingStatus: Readonly<Record<number, string>> = {
  0: 'UNKNOWN',
  1: 'SERVING',
  2: 'NOT_SERVING',
  3: 'SERVICE_UNKNOWN',
};
const grpcStatus: Readonly<Record<string, string>> = {
  '5': 'NOT_FOUND',
  '7': 'PERMISSION_DENIED',
  '12': 'UNIMPLEMENTED',
  '13': 'INTERNAL',
  '14': 'UNAVAILABLE',
  '16': 'UNAUTHENTICATED',
};

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const host = target.address.includes(':') ? `[${target.address}]` : target.address;
  if (!settings.hasTls) return check(settings, connect(`http://${host}:${target.port}`), signal);
  return withClientTls(settings, target, (tls) =>
    check(settings, connect(`https://${host}:${target.port}`, { ...tls, ALPNProtocols: ['h2'] }), signal),
  );
}

function check(settings: MonitorSettings, session: ClientHttp2Session, signal: AbortSignal): Promise<Verdict> {
  return askOnce(settings, session, signal, (finish, onError) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      ...(settings.host === '' ? {} : { [constants.HTTP2_HEADER_AUTHORITY]: settings.host }),
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let head: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    let body = Buffer.alloc(0);
    stream.on('error', onError);
    stream.on('response', (headers) => {
      head = headers;
    });
    stream.on('trailers', (headers: IncomingHttpHeaders) => {
      trailers = headers;
    });
    stream.on('data', (chunk: Buffer) => {
      body = Buffer.concat([body, chunk]);
      if (body.length > maxAnswerBytes) finish({ isPassing: false, result: 'too long an answer' });
    });
    stream.on('end', () => {
      finish(judge(head, { ...head, ...trailers }, body));
    });
    stream.end(requestOf(settings.service ?? ''));
  });
}

/** A length-prefixed HealthCheckRequest: field 1, the service. */
function requestOf(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function judge(head: IncomingHttpHeaders, all: IncomingHttpHeaders, body: Buffer): Verdict {
  const status = head[':status'];
  if (Number(status) !== 200) return { isPassing: false, result: `HTTP ${String(status)}` };
  if (!(head['content-type'] ?? '').startsWith('application/grpc')) {
    return { isPassing: false, result: `no gRPC: content-type ${head['content-type'] ?? 'absent'}` };
  }
  const code = String(all['grpc-status'] ?? '');
  if (code !== '0') return { isPassing: false, result: describeStatus(code, String(all['grpc-message'] ?? '')) };
  const serving = servingIn(body);
  if (serving === undefined) return { isPassing: false, result: `no health in ${excerpt(body)}` };
  return { isPassing: serving === 1, result: servingStatus[serving] ?? `status ${serving}` };
}

function describeStatus(code: string, message: string): string {
  if (code === '') return 'closed without grpc-status';
  return `grpc-status ${code} ${grpcStatus[code] ?? ''} ${message.slice(0, 100)}`.replace(/\s+/g, ' ').trim();
}

/** Field 1 of a HealthCheckResponse that is not compressed; an empty message says 0, as proto3 leaves zeros out. */
function servingIn(body: Buffer): number | undefined {
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5) return undefined;
  if (body.length === 5) return 0;
  return body.length === 7 && body[5] === 0x08 ? body[6] : undefined;
}
