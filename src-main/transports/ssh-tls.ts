import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { ClientChannel } from 'ssh2';
import { AppError } from '../contract/errors.ts';
import type { Settle } from './timed-call.ts';

/** Speaks TLS over a channel as far as the server's certificate (DER), which is given, and goes. */
export function handshakeOver(
  channel: ClientChannel,
  what: string,
  serverName: string | undefined,
  settle: Settle<Buffer>,
): void {
  const name = serverName === undefined || isIP(serverName) !== 0 ? {} : { servername: serverName };
  // What the server is to be is looked at by whoever asked; nothing is sent to it.
  const socket = connect({ socket: channel, rejectUnauthorized: false, ...name });
  socket.once('secureConnect', () => {
    const { raw } = socket.getPeerCertificate();
    socket.destroy();
    settle.resolve(raw);
  });
  socket.once('error', (cause: Error) => {
    socket.destroy();
    settle.reject(new AppError('COMMAND_REJECTED', `${what} failed.`, { cause, raw: cause.message }));
  });
  socket.once('close', () => {
    settle.reject(new AppError('COMMAND_REJECTED', `${what} was ended by the server.`));
  });
}
