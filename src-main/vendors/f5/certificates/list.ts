import type { DeviceCertificate } from '../../../contract/certificates.ts';
import { BigipText } from '../text.ts';
import { readTree } from '../tree.ts';
import { factsOfListed } from './facts.ts';
import { certificateUses, virtualsWith } from './uses.ts';

/** The certificates of a reading with what the device told of them, and who answers with them. Keys are not looked at. */
export function certificatesOfReading(text: string): readonly DeviceCertificate[] {
  const config = new BigipText(text);
  const uses = certificateUses(config);
  const facts = new Map(
    readTree(text)
      .filter(({ words }) => words.slice(0, 3).join(' ') === 'sys file ssl-cert')
      .map((statement) => [statement.words[3] ?? '', factsOfListed(statement)] as const),
  );
  const names = new Set([...facts.keys(), ...uses.map(({ cert }) => cert)]);
  return [...names].map((name) => {
    const here = uses.filter(({ cert }) => cert === name);
    const told = facts.get(name);
    const chains = new Set(here.map(({ chain }) => chain));
    return {
      name,
      ...(told === undefined ? { problem: problemOf(facts.has(name)) } : { facts: told }),
      chain: [...chains].flatMap((chain) => {
        const sent = facts.get(chain);
        return sent === undefined ? [] : [{ subject: sent.subject, issuer: sent.issuer }];
      }),
      usedBy: [...virtualsWith(config, new Set(here.map(({ profile }) => profile.words[3] ?? '')))],
    };
  });
}

function problemOf(isThere: boolean): string {
  return isThere
    ? 'The device does not tell what it says.'
    : 'A profile names it, and the device lists no certificate of this name.';
}
