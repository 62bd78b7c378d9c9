import { createServer } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { AppError } from '../../contract/errors.ts';
import { formatListenAddress, parseListenAddress, type ListenAddress } from '../config/listen-address.ts';
import { bindTcp, bindUdp, bindUnix, type BoundHandle } from '../sockets/handles.ts';

/** A bound address with one handle per worker, or one that all share. The supervisor holds them: a worker's end drops nothing that waits. */
export interface BoundListener {
  readonly key: string;
  /** With the port that the system chose. */
  readonly address: string;
  readonly handleOf: (workerIndex: number) => BoundHandle;
  readonly close: () => void;
}

/** Binds `text` for `workers` processes. Throws ADDRESS_IN_USE, PERMISSION_DENIED or INPUT_INVALID. */
export async function bindListener(
  key: string,
  text: string,
  workers: number,
  transport: 'tcp' | 'udp' = 'tcp',
): Promise<BoundListener> {
  const address = parseListenAddress(text);
  if (address === undefined) throw new AppError('INPUT_INVALID', `"${text}" is no address to listen on.`);
  if (address.kind === 'unix') return bindPath(key, address.path);
  if (transport === 'udp') {
    if (address.port !== 0) assertUdpFree(address);
    return bindPort(key, address, workers, bindUdp);
  }
  if (address.port !== 0) await assertFree(address);
  return bindPort(key, address, workers, bindTcp);
}

function assertUdpFree(address: Extract<ListenAddress, { kind: 'tcp' }>): void {
  opened(bindUdp(address.host, address.port, address.family, false), formatListenAddress(address)).close();
}

/** Sockets that share an address do not notice strangers who share it too: so it is bound alone first, for a moment. */
function assertFree(address: Extract<ListenAddress, { kind: 'tcp' }>): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', (error: NodeJS.ErrnoException) => {
      reject(refusal(formatListenAddress(address), error.code ?? error.message));
    });
    probe.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      probe.close(() => {
        resolve();
      });
    });
  });
}

function bindPort(
  key: string,
  address: Extract<ListenAddress, { kind: 'tcp' }>,
  workers: number,
  bind: typeof bindTcp,
): BoundListener {
  const text = formatListenAddress(address);
  let isShared = workers > 1;
  let first = bind(address.host, address.port, address.family, isShared);
  if (typeof first === 'number' && isShared) {
    // No SO_REUSEPORT here: all workers accept from one socket.
    isShared = false;
    first = bind(address.host, address.port, address.family, false);
  }
  const handles = [opened(first, text)];
  const port = portOf(handles[0]) ?? address.port;
  for (let index = 1; isShared && index < workers; index++) {
    handles.push(opened(bind(address.host, port, address.family, true), text));
  }
  return {
    key,
    address: formatListenAddress({ ...address, port }),
    handleOf: (workerIndex) => pick(handles, workerIndex),
    close: () => {
      for (const handle of handles) handle.close();
    },
  };
}

async function bindPath(key: string, path: string): Promise<BoundListener> {
  await removeStaleSocket(path);
  const handle = opened(bindUnix(path), `unix:${path}`);
  return {
    key,
    address: `unix:${path}`,
    handleOf: () => handle,
    close: () => {
      handle.close();
    },
  };
}

/** Removes a socket file that nobody answers on. Throws ADDRESS_IN_USE where somebody does, or where it is no socket. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (Buffer.byteLength(path) > 107) {
    throw new AppError(
      'INPUT_INVALID',
      `The socket path "${path}" is longer than the 107 bytes that the system allows: choose a shorter one.`,
    );
  }
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw new AppError(
      'ADDRESS_IN_USE',
      `"${path}" exists and is not a socket: it was left alone. Choose another path.`,
    );
  if (await isAnswered(path)) throw refusal(`unix:${path}`, 'EADDRINUSE');
  rmSync(path, { force: true });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(1000, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}

function opened(handle: BoundHandle | number, address: string): BoundHandle {
  if (typeof handle === 'number') throw refusal(address, getSystemErrorName(handle));
  return handle;
}

/** Why an address cannot be listened on, from the system's word for it. */
export function refusal(address: string, code: string): AppError {
  if (code === 'EACCES')
    return new AppError('PERMISSION_DENIED', `The system does not let this account listen on ${address}.`);
  const why = code === 'EADDRINUSE' ? 'another process listens there' : `the system says ${code}`;
  return new AppError('ADDRESS_IN_USE', `Cannot listen on ${address}: ${why}. End it or choose another address.`);
}

function portOf(handle: BoundHandle | undefined): number | undefined {
  const out: { port?: number } = {};
  handle?.getsockname?.(out);
  return out.port;
}

function pick(handles: readonly BoundHandle[], index: number): BoundHandle {
  const handle = handles[index % handles.length];
  if (handle === undefined) throw new RangeError('a listener without handles');
  return handle;
}
