import type { DeviceCertificate } from '../../../contract/certificates.ts';
import type { Host } from '../driver-host.ts';
import { parseOcsp, type ShownCertificate } from './show-cert.ts';

/** What stands in a plan for "no answer". */
export const notStapled = 'none';

/**
 * What the running process staples to a certificate; undefined where it does not tell (before 2.5, or by the socket's level).
 */
export async function stapledTo(
  host: Host,
  socket: string,
  shown: ShownCertificate | undefined,
  signal: AbortSignal,
): Promise<NonNullable<DeviceCertificate['ocsp']> | typeof notStapled | undefined> {
  const key = shown?.ocspKey;
  const said = await host.ask(socket, `show ssl ocsp-response${key === undefined ? '' : ` ${key}`}`, { signal });
  if (/^(?:Unknown command|Permission denied)/m.test(said)) return undefined;
  return (key === undefined ? undefined : parseOcsp(said)) ?? notStapled;
}

/** What stands in a plan for an answer: its times, which HAProxy tells too. */
export function answerKey({
  thisUpdate,
  nextUpdate,
}: {
  readonly thisUpdate?: string;
  readonly nextUpdate?: string;
}): string {
  return `${thisUpdate ?? ''} ${nextUpdate ?? ''}`;
}

/** True where an answer of this key may be stapled no longer. */
export function isOver(key: string, now: Date): boolean {
  return Date.parse(key.split(' ')[1] ?? '') <= now.getTime();
}
