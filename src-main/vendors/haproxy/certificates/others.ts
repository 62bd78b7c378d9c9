import type { CertificateFacts } from '../../../contract/certificates.ts';
import { socketOf } from '../driver-rights.ts';
import { showCertificates } from './list.ts';
import { parseNames } from './show-cert.ts';
import { type TlsBind, usesCertificate } from './uses.ts';
import type { CertificateContext } from './way.ts';

/** Certificates that may answer in the place of this one. */
export async function othersOf(
  { host, look, signal }: CertificateContext,
  name: string,
  using: readonly TlsBind[],
  listed: ReadonlyMap<string, readonly string[]>,
): Promise<readonly { readonly name: string; readonly facts: CertificateFacts }[]> {
  const socket = socketOf(look);
  const all = parseNames(await host.ask(socket, 'show ssl cert', { signal }));
  const names = all.filter((one) => one !== name && using.some((bind) => usesCertificate(bind, one, listed)));
  return [...(await showCertificates(host, socket, names, signal))].map(([one, { facts }]) => ({ name: one, facts }));
}
