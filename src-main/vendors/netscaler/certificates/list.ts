import type { DeviceCertificate } from '../../../contract/certificates.ts';
import { type Command, Options } from '../commands.ts';
import { type Objects, subjectOf } from '../objects.ts';
import type { ShownCertificate } from './show.ts';

/** Certificates by the appliance's own words, with the chain that its links say and the virtual servers that answer with them. */
export function listCertificates(
  objects: Objects<Command>,
  shown: readonly ShownCertificate[],
): readonly DeviceCertificate[] {
  const byName = new Map(shown.map((one) => [one.name, one]));
  const names = new Set([...shown.map(({ name }) => name), ...objects.all('ssl certkey').map(({ name }) => name)]);
  return [...names].map((name) => {
    const facts = byName.get(name)?.facts;
    return {
      name,
      ...(facts === undefined ? { problem: 'The appliance tells nothing of this certificate.' } : { facts }),
      chain: chainOf(name, objects).flatMap((issuer) => {
        const known = byName.get(issuer)?.facts;
        return known === undefined ? [] : [{ subject: known.subject, issuer: known.issuer }];
      }),
      usedBy: usersOf(name, objects),
    };
  });
}

/** `link ssl certKey NAME ISSUER`, from the certificate upwards. */
export function chainOf(name: string, objects: Objects<Command>): readonly string[] {
  const links = new Map(objects.links.map(subjectOf).map((link) => [link.name, link.rest[0] ?? '']));
  const chain: string[] = [];
  for (let next = links.get(name); next !== undefined && !chain.includes(next); next = links.get(next))
    chain.push(next);
  return chain;
}

function usersOf(name: string, objects: Objects<Command>): readonly string[] {
  return ['lb vserver', 'cs vserver'].flatMap((kind) =>
    objects
      .all(kind)
      .filter((virtual) => serverCertificates(virtual.name, objects).includes(name))
      .map((virtual) => virtual.name),
  );
}

/** What a virtual server answers with: bound, and not as an authority of its clients. */
export function serverCertificates(virtual: string, objects: Objects<Command>): readonly string[] {
  return objects
    .of('ssl vserver', virtual)
    .binds.map((bind) => new Options([bind]))
    .flatMap((bind) => (bind.has('CA') ? [] : (bind.text('certkeyName') ?? [])));
}
