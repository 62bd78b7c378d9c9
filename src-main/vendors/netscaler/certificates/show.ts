import type { CertificateFacts } from '../../../contract/certificates.ts';

/** What `show ssl certKey` says of one pair. */
export interface ShownCertificate {
  readonly name: string;
  /** Absent where the appliance could not read the file. */
  readonly facts?: CertificateFacts;
}

/**
 * The answer of `show ssl certKey`: numbered blocks, `1)\tName: web` and below it `Serial Number: 03B2`, `Issuer:  C=US,O=...`,
 * `Not After : Apr  4 13:34:23 2020 GMT`, `Public Key size: 2048`. It tells no alternative names: the name is the subject's, where that is one.
 */
export function parseShown(answer: string): readonly ShownCertificate[] {
  return answer
    .split(/^\s*(?:\d+\))?\s*Name:[ \t]*/m)
    .slice(1)
    .map((block) => {
      const [first = ''] = block.split('\n');
      const name = first.replace(/\t.*| {2,}.*/, '').trim();
      const facts = factsOf(block);
      return { name, ...(facts === undefined ? {} : { facts }) };
    });
}

function factsOf(block: string): CertificateFacts | undefined {
  function said(label: string): string | undefined {
    return new RegExp(String.raw`^\s*${label}\s*:[ \t]*(.*?)\s*$`, 'm').exec(block)?.[1];
  }
  const [subject, issuer, serial] = [said('Subject'), said('Issuer'), said('Serial Number')];
  const [notBefore, notAfter] = [timeOf(said('Not Before')), timeOf(said('Not After'))];
  if (subject === undefined || issuer === undefined || serial === undefined) return undefined;
  if (notBefore === undefined || notAfter === undefined) return undefined;
  const kind = /^[a-z]*/
    .exec(said('Public Key Algorithm') ?? '')?.[0]
    .replace(/^id$/, 'ec')
    .toUpperCase();
  const size = said('Public Key size');
  return {
    subject: spaced(subject),
    issuer: spaced(issuer),
    serial: serial.toUpperCase(),
    notBefore,
    notAfter,
    names: namesOf(subject),
    ...(kind === undefined || size === undefined ? {} : { algorithm: `${kind} ${size}` }),
  };
}

function timeOf(text: string | undefined): string | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function partsOf(name: string): readonly string[] {
  return name.split(/\s*[,/]\s*(?=[A-Za-z][A-Za-z.]*\s*=)/).filter((part) => part !== '');
}

function spaced(name: string): string {
  return partsOf(name).join(', ');
}

function namesOf(subject: string): readonly string[] {
  return partsOf(subject).flatMap((part) => {
    const [, name] = /^CN\s*=\s*((?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/i.exec(part) ?? [];
    return name === undefined ? [] : [name.toLowerCase()];
  });
}

/** In small letters; undefined where the subject has none. */
export function commonName(subject: string): string | undefined {
  const [own] = partsOf(subject).flatMap((part) => /^CN\s*=\s*(.*)$/i.exec(part)?.[1] ?? []);
  return own?.toLowerCase();
}

/** Whether two names of a certificate are the same, whatever the order and spacing in which they are told. */
export function isSameName(one: string, other: string): boolean {
  const [a, b] = [one, other].map((name) =>
    partsOf(name)
      .map((part) => part.replace(/\s*=\s*/, '=').toLowerCase())
      .toSorted()
      .join('\n'),
  );
  return a === b;
}

/** Leading zeros say nothing; what is not told is the same as nothing. */
export function isSameSerial(one: string | undefined, other: string | undefined): boolean {
  const [a, b] = [one, other].map((serial) => serial?.replace(/^0+(?=.)/, '').toUpperCase());
  return a !== undefined && a === b;
}
