import type { Duplex } from 'node:stream';
import { AppError } from '../contract/errors.ts';
import { type Limits, timedCall } from './timed-call.ts';

/** RFC 4253, 4.2: lines before the identification are allowed; OpenSSH reads at most 1024 of them, 8 KiB each. We are less patient. */
const maxGreetingBytes = 64 * 1024;

/**
 * Waits for the server's identification line (`SSH-2.0-OpenSSH_9.2`), gives it back, and puts all bytes back on the socket for ssh2,
 * which loses bytes when that line comes in three pieces or more, and can't say what answered when it is no SSH server at all.
 * Throws UNREACHABLE (something else answers there; `raw` is what it said), SESSION_CLOSED, TIMED_OUT.
 */
export function readIdentification(socket: Duplex, limits: Limits): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  return timedCall<string>(limits, ({ resolve, reject }) => {
    function onReadable(): void {
      for (;;) {
        // A socket without encoding reads Buffers.
        const chunk = socket.read() as Buffer | null;
        if (chunk === null) return;
        chunks.push(chunk);
        length += chunk.length;
        const text = Buffer.concat(chunks).toString('latin1');
        const line = /^SSH-[^\n]*(?=\n)/m.exec(text)?.[0];
        if (line !== undefined) {
          resolve(line.trim());
          return;
        }
        if (length > maxGreetingBytes) {
          reject(notSsh(limits.what, text));
          return;
        }
      }
    }
    function onClosed(): void {
      const text = Buffer.concat(chunks).toString('latin1');
      const lastLine = text.slice(text.lastIndexOf('\n') + 1);
      if (lastLine.startsWith('SSH-') || (text === lastLine && 'SSH-'.startsWith(lastLine))) {
        reject(
          new AppError('SESSION_CLOSED', `${limits.what}: the connection was closed before the server had greeted.`),
        );
      } else {
        reject(notSsh(limits.what, text));
      }
    }
    socket.on('readable', onReadable);
    socket.once('end', onClosed);
    socket.once('close', onClosed);
    onReadable();
    return () => {
      socket.off('readable', onReadable);
      socket.off('end', onClosed);
      socket.off('close', onClosed);
      if (!socket.destroyed && length > 0) socket.unshift(Buffer.concat(chunks));
    };
  });
}

function notSsh(what: string, said: string): AppError {
  return new AppError('UNREACHABLE', `${what}: what answers there is not an SSH server.`, { raw: said.slice(0, 1024) });
}
