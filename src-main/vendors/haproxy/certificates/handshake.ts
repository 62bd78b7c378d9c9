import { AppError } from '../../../contract/errors.ts';
import type { CertificateFacts } from '../../../contract/certificates.ts';
import type { HostSession, TlsTarget } from '../../../transports/transport.ts';
import type { DriverTools } from '../../vendor.ts';
import type { TlsBind } from './uses.ts';

export interface HandshakeTools {
  readonly handshake?: HostSession['handshake'];
  readonly tools: DriverTools;
  readonly signal: AbortSignal;
}

const timeoutMs = 10_000;
/** More binds than this are not all asked. */
const mostTargets = 8;

/** Where to ask for a certificate, by the first name that the old and the new one share. */
export function targetsOf(
  binds: readonly TlsBind[],
  before: CertificateFacts | undefined,
  after: CertificateFacts,
): readonly TlsTarget[] {
  const shared = before === undefined ? after.names : after.names.filter((name) => before.names.includes(name));
  const name =
    shared.find((one) => !one.startsWith('*.') && !/^[\d.:]+$/.test(one)) ?? shared.find((one) => one.startsWith('*.'));
  const serverName = name?.replace(/^\*\./, 'steelyard-check.');
  const seen = new Map(
    binds.filter((bind) => !bind.wantsProxyHeader).map(({ host, port }) => [`${host} ${port}`, { host, port }]),
  );
  return [...seen.values()]
    .slice(0, mostTargets)
    .map((target) => ({ ...target, ...(serverName === undefined ? {} : { serverName }) }));
}

/** SHA-256 of the certificate that clients get there; or a sentence on why none came. */
export async function servedAt(
  { handshake, tools, signal }: HandshakeTools,
  target: TlsTarget,
): Promise<{ readonly sha256: string } | { readonly why: string }> {
  if (handshake === undefined) return { why: 'the connection to the host carries no TCP' };
  try {
    return { sha256: tools.sha256(await handshake(target, { signal, timeoutMs })) };
  } catch (error) {
    const isAnswer =
      error instanceof AppError && ['CAPABILITY_MISSING', 'COMMAND_REJECTED', 'NOT_FOUND'].includes(error.code);
    if (!isAnswer) throw error;
    return { why: `${error.detail}${error.raw === undefined ? '' : ` (${error.raw})`}` };
  }
}

/** Whether a certificate is for a name (RFC 6125, 6.4.3: `*` stands for one label). */
export function isFor({ names }: CertificateFacts, serverName: string): boolean {
  const parent = serverName.slice(serverName.indexOf('.') + 1);
  return names.includes(serverName) || names.includes(`*.${parent}`);
}

export function placeOf({ host, port, serverName }: TlsTarget): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}${serverName === undefined ? '' : ` for ${serverName}`}`;
}
