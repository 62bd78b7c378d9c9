import type { CallOptions } from '../../transports/transport.ts';
import { AppError } from '../../contract/errors.ts';
import type { DeviceModel } from '../../contract/model.ts';
import type { Host } from './driver-host.ts';

/**
 * Throws PLAN_INVALID where a program on the host has an address already that a virtual server is to listen on: `haproxy -c` binds
 * nothing, so only the reload would meet it. `pid`: whose network is looked at.
 */
export async function refuseTaken(
  host: Host,
  before: DeviceModel,
  after: DeviceModel,
  pid: number | undefined,
  options: CallOptions,
): Promise<void> {
  const old = new Set(before.virtualServers.flatMap(({ listen }) => listen ?? []));
  const added = after.virtualServers.flatMap(({ name, listen = [] }) =>
    listen.filter((address) => !old.has(address)).map((address) => ({ name, address })),
  );
  if (added.length === 0) return;
  const where = pid === undefined ? '/proc/net' : `/proc/${pid}/net`;
  const { stdout } = await host.run(`cat ${where}/tcp ${where}/tcp6 2>/dev/null`, options);
  const taken = parseListening(stdout.toString());
  // What HAProxy has itself it may have beside a wider or narrower address of the same port.
  const foreign = taken.filter((one) => ![...old].some((address) => isSameSocket(address, one)));
  for (const { name, address } of added) {
    const other = foreign.find((one) => overlaps(address, one));
    if (other === undefined) continue;
    const who = `${other.host}:${other.port}`;
    throw new AppError(
      'PLAN_INVALID',
      `"${name}" cannot listen on ${address}: another program on the host listens on ${who} already. Nothing was sent.`,
    );
  }
}

export interface Listening {
  /** IPv4 dotted, `::` or the hexadecimal groups of IPv6 in full. */
  readonly host: string;
  readonly port: number;
}

/** Sockets in state LISTEN (0A) of /proc/net/tcp and tcp6 (proc(5)): addresses as 32-bit words in the host's byte order. */
export function parseListening(text: string): readonly Listening[] {
  return [...text.matchAll(/^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ 0A /gm)].map(
    ([, address = '', port = '']) => ({ host: hostOf(address), port: parseInt(port, 16) }),
  );
}

function hostOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16)));
  const mapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff;
  if (bytes.length === 4 || mapped) return bytes.slice(-4).join('.');
  if (bytes.every((byte) => byte === 0)) return '::';
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
  );
  return groups.join(':');
}

function overlaps(address: string, { host, port }: Listening): boolean {
  const wanted = partsOf(address);
  if (wanted?.port !== port) return false;
  const isV6 = wanted.host.includes(':');
  if (host === '::') return true; // takes IPv4 too, unless told otherwise
  if (isV6 !== host.includes(':')) return wanted.host === '::';
  return [wanted.host, host].some((one) => one === '*' || one === '0.0.0.0' || one === '::') || wanted.host === host;
}

function isSameSocket(address: string, { host, port }: Listening): boolean {
  const own = partsOf(address);
  if (own?.port !== port) return false;
  return own.host === host || (own.host === '*' && host === '0.0.0.0');
}

function partsOf(address: string): Listening | undefined {
  const [, v6, v4, port] = /^(?:\[(.*)\]|([^:[\]]*)):(\d+)$/.exec(address) ?? [];
  return port === undefined ? undefined : { host: v6 ?? v4 ?? '', port: Number(port) };
}
