import type { Command } from '../../../contract/plan.ts';
import { type Host, socatCommand } from '../driver-host.ts';
import { quote } from '../driver-shell.ts';
import { shell } from '../plan-reload.ts';
import { absent, type CertificateFactsOfPlan } from './standing.ts';
import { handshakeText } from './words.ts';

/** What verifying asks: the files by hash, the certificate that the running process has, and what each bind serves. */
export function verifyCommands(host: Host, { files, socket, name, handshakes }: CertificateFactsOfPlan): Command[] {
  const text = `show ssl cert ${name}`;
  return [
    shell(
      host,
      `sha256sum -- ${files
        .filter(({ after }) => after !== absent)
        .map(({ real }) => quote(real))
        .join(' ')}`,
    ),
    { kind: 'socket', socket, text: `${text}\n`, shown: socatCommand(socket, text), expect: '' },
    ...handshakes.map((target) => shell(host, handshakeText(target))),
  ];
}
