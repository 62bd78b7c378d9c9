import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../contract/errors.ts';

export const socketName = 'admin.sock';
/** Longest path of a Unix socket: 108 bytes on Linux, 104 on macOS, with the end mark. */
const longestSocketPath = 103;

/** Makes a folder for its owner alone, also where it has been there before. */
export async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

/** A folder of its own for the socket where the path in `folder` would be too long for one. */
export async function shortFolder(folder: string): Promise<string | undefined> {
  if (Buffer.byteLength(join(folder, socketName)) <= longestSocketPath) return undefined;
  return mkdtemp(join(tmpdir(), 'steelyard-lab-')); // mode 0700
}

export async function removeFolder(folder: string | undefined): Promise<void> {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}

/** The address with its port chosen, free a moment ago. Throws ADDRESS_IN_USE, INPUT_INVALID. */
export function claimAddress(listen: string): Promise<string> {
  const { host, port } = splitAddress(listen);
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      const detail = isTaken ? 'another program listens there. Give another port, or none' : error.message;
      const code = isTaken ? 'ADDRESS_IN_USE' : 'INPUT_INVALID';
      reject(new AppError(code, `The lab cannot listen on ${listen}: ${detail}.`, { cause: error }));
    });
    server.listen({ host, port, exclusive: true }, () => {
      const chosen = (server.address() as AddressInfo).port; // listening on TCP, so never a path or null
      server.close(() => {
        resolve(`${listen.slice(0, listen.lastIndexOf(':'))}:${chosen}`);
      });
    });
  });
}

export function splitAddress(listen: string): { readonly host: string; readonly port: number } {
  const cut = listen.lastIndexOf(':');
  return { host: listen.slice(0, cut).replaceAll(/[[\]]/g, ''), port: Number(listen.slice(cut + 1)) };
}
