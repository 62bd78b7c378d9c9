import { type IncomingMessage, request as openRequest, type RequestOptions } from 'node:http';
import { AppError } from '../contract/errors.ts';
import type { CallOptions, HttpSession } from './transport.ts';

/** Where an admin interface listens. `token` goes along as a bearer token (RFC 6750). */
export type HttpTarget =
  { readonly socketPath: string } | { readonly host: string; readonly port: number; readonly token?: string };

const defaultTimeoutMs = 15_000;
const defaultMaxBytes = 32 * 1024 * 1024;
const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/**
 * HTTP to one admin interface in clear text, so on this machine only: another host is INPUT_INVALID. Nothing is opened before the
 * first call, and each call has a connection of its own: none can be caught in the instant in which the other side ends an idle one.
 * Calls throw UNREACHABLE, PERMISSION_DENIED, TIMED_OUT, SESSION_CLOSED (cut off, or closed here), OUTPUT_UNPARSED (too long, or
 * not HTTP), CANCELLED (by the caller's signal).
 */
export function openHttp(target: HttpTarget): HttpSession {
  const place = describe(target);
  if ('host' in target && !loopback.test(target.host)) {
    throw new AppError(
      'INPUT_INVALID',
      `${place} is not on this machine: the admin interface speaks clear text. Reach it through its socket or a tunnel.`,
    );
  }
  const running = new Set<AbortController>();
  const closed = new AppError('SESSION_CLOSED', `The session to ${place} was closed.`);
  let isClosed = false;
  return {
    fetch: async (method, path, body, options = {}) => {
      if (isClosed) throw closed;
      const stop = new AbortController();
      running.add(stop);
      try {
        return await exchange(target, place, { method, path, ...(body === undefined ? {} : { body }) }, options, stop);
      } finally {
        running.delete(stop);
      }
    },
    close: () => {
      isClosed = true;
      for (const stop of running) stop.abort(closed);
    },
  };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

function describe(target: HttpTarget): string {
  return 'host' in target ? `${target.host}:${target.port}` : target.socketPath;
}

/** One call from connect to the last byte. Whatever ends it early aborts `stop` with the error to be thrown. */
async function exchange(
  target: HttpTarget,
  place: string,
  call: Call,
  options: CallOptions,
  stop: AbortController,
): Promise<{ status: number; body: Buffer }> {
  const name = `${call.method} ${call.path} at ${place}`;
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const timer = setTimeout(() => {
    stop.abort(new AppError('TIMED_OUT', `${name} had no whole answer within ${timeoutMs} ms.`));
  }, timeoutMs);
  function cancel(): void {
    stop.abort(new AppError('CANCELLED', `${name} was cancelled.`));
  }
  options.signal?.addEventListener('abort', cancel, { once: true });
  try {
    if (options.signal?.aborted === true) cancel();
    stop.signal.throwIfAborted();
    const response = await send(target, call, stop.signal);
    return { status: response.statusCode ?? 0, body: await readBody(response, name, options.maxBytes, stop) };
  } catch (error) {
    const reason: unknown = stop.signal.reason;
    throw reason instanceof AppError ? reason : explain(error, name);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', cancel);
  }
}

function send(target: HttpTarget, call: Call, signal: AbortSignal): Promise<IncomingMessage> {
  const token = 'host' in target ? target.token : undefined;
  const body = call.body === undefined ? undefined : Buffer.from(call.body);
  const options: RequestOptions = {
    ...('host' in target ? { host: target.host, port: target.port } : { socketPath: target.socketPath }),
    method: call.method,
    path: call.path,
    agent: false,
    signal,
    headers: {
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
    },
  };
  return new Promise((resolve, reject) => {
    const request = openRequest(options, resolve);
    request.on('error', reject);
    request.end(body);
  });
}

async function readBody(
  response: IncomingMessage,
  name: string,
  maxBytes = defaultMaxBytes,
  stop: AbortController,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    // no encoding is set, so chunks are Buffers
    length += chunk.length;
    if (length > maxBytes) {
      stop.abort(new AppError('OUTPUT_UNPARSED', `The answer to ${name} is longer than ${maxBytes} bytes.`));
      stop.signal.throwIfAborted();
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function explain(error: unknown, name: string): AppError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (code.startsWith('HPE_')) {
    return new AppError('OUTPUT_UNPARSED', `The answer to ${name} is not HTTP: ${message}.`, { cause: error });
  }
  if (code === 'ERR_INVALID_CHAR' || code === 'ERR_UNESCAPED_CHARACTERS') {
    return new AppError('INPUT_INVALID', `${name} cannot be sent: ${message}.`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new AppError('PERMISSION_DENIED', `${name}: this account may not open it.`, { cause: error });
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new AppError('SESSION_CLOSED', `${name} was cut off; what was sent may have been carried out.`, {
      cause: error,
    });
  }
  return new AppError('UNREACHABLE', `${name}: ${message}. Nothing was sent.`, { cause: error });
}
