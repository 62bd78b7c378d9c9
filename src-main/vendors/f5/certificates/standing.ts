import type { Plan } from '../../../contract/plan.ts';
import type { HostSession } from '../../../transports/transport.ts';
import { callText, type LoginShell } from '../shell.ts';
import { readTree } from '../tree.ts';
import type { CertificateTouched } from './draft.ts';
import { factsOfListed } from './facts.ts';

/** What a plan for a certificate touches; undefined of any other plan. */
export function certificateOfPlan({ driver }: Pick<Plan, 'driver'>): CertificateTouched | undefined {
  return driver['certificate'] as CertificateTouched | undefined; // written by draftCertificate, kept as JSON
}

/** What the reading does not tell: whether the key is there (its name is asked for, not the key), and what the certificate is. */
export async function certificateDifferences(
  host: HostSession,
  shell: LoginShell,
  { cert, key, sha256 }: CertificateTouched,
  wanted: 'old' | 'new',
  text: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const asked = callText(shell, [`list sys file ssl-key ${key} key-type`]);
  const { stdout, stderr } = await host.exec(asked, { signal, timeoutMs: 60_000 });
  const said = `${stdout.toString('utf8')}${stderr.toString('utf8')}`;
  const isThere = /^sys file ssl-key /m.test(said);
  if (wanted === 'old') return isThere ? [`the key ${key} is there`] : [];
  const statement = readTree(text).find(({ words }) => words.join(' ') === `sys file ssl-cert ${cert}`);
  const told = statement === undefined ? undefined : factsOfListed(statement)?.sha256;
  return [
    ...(isThere ? [] : [`the key ${key} is missing`]),
    ...(told === undefined || told.toLowerCase() === sha256 ? [] : [`${cert} is another certificate (${told})`]),
  ];
}
