import type { DeviceSpec, Reading } from '../../contract/api.ts';
import type { FoundKind } from '../../contract/find.ts';
import type { DeviceModel } from '../../contract/model.ts';
import type { Place } from '../../contract/place.ts';
import { type AddressAndPort, readAddress } from './addresses.ts';

export interface FieldText {
  readonly field: string;
  readonly text: string;
}

/** One object, ready to be searched. */
export interface FindEntry {
  readonly kind: FoundKind;
  readonly name: string;
  readonly pool?: string;
  readonly place: Place;
  /** Its name first, then each text it holds. */
  readonly fields: readonly FieldText[];
  readonly addresses: readonly (AddressAndPort & { readonly field: FieldText })[];
  /** All its texts in small letters, a line each: one look says whether a word is there at all. */
  readonly hay: string;
  /** What it stands in, in small letters: a word that fits there narrows, but finds nothing by itself. */
  readonly context: string;
}

/** What was read of a device: its configuration, or that of a stored version. */
export type Readable = Pick<Reading, 'model'> & { readonly facts?: Reading['facts'] };

/** Every object of a device with every text it holds. `spec` as it may be shown: its address is masked. */
export function indexDevice(spec: DeviceSpec, reading: Readable | undefined): readonly FindEntry[] {
  const device = spec.name;
  const { label, product, version, host } = reading?.facts ?? {};
  const known = {
    address: spec.address,
    poll: spec.poll,
    site: spec.site,
    tags: spec.tags,
    environment: spec.environment,
  };
  const place: Place = { screen: 'device', device };
  const own = entryOf('device', device, { ...known, label, product, version, host }, place, '');
  return [own, ...(reading === undefined ? [] : indexModel(own.hay, device, reading.model))];
}

function indexModel(context: string, device: string, model: DeviceModel): readonly FindEntry[] {
  const onDevice: Place = { screen: 'device', device };
  function serverPlace(virtualServer: string): Place {
    return { screen: 'virtual-server', device, virtualServer };
  }
  function poolPlace(pool: string): Place {
    return { screen: 'pool', device, pool };
  }
  /** Where something is used is where it is of interest; what nobody uses is seen at its device. */
  function placeOfUser(name: string): Place {
    const pool = model.pools.find(({ monitors, members }) => {
      return monitors?.includes(name) === true || members.some((member) => member.node === name);
    });
    if (pool !== undefined) return poolPlace(pool.name);
    const server = model.virtualServers.find(({ tls, profiles }) => {
      const files = (tls?.certificates ?? []).flatMap((certificate) => [certificate.name, certificate.certFile]);
      return [...files, ...(tls?.profiles ?? []), ...(profiles ?? [])].includes(name);
    });
    return server === undefined ? onDevice : serverPlace(server.name);
  }
  function plain(kind: FoundKind, objects: readonly { readonly name: string }[]): readonly FindEntry[] {
    return objects.map(({ name, ...rest }) => entryOf(kind, name, rest, placeOfUser(name), context));
  }
  return [
    ...model.virtualServers.map(({ name, ...rest }) =>
      entryOf('virtual-server', name, rest, serverPlace(name), context),
    ),
    ...model.pools.flatMap(({ name, members, ...rest }) => [
      entryOf('pool', name, rest, poolPlace(name), context),
      ...members.map((member) =>
        memberEntry(member, name, { screen: 'pool', device, pool: name, member: member.name }, context),
      ),
    ]),
    ...plain('node', model.nodes ?? []),
    ...plain('certificate', model.certificates),
    ...plain('monitor', model.monitors),
    ...plain('profile', model.profiles),
    ...model.unmodelled.map(({ file, line, text }) => entryOf('text', `${file}:${line}`, { text }, onDevice, context)),
  ];
}

function memberEntry(
  { name, address, port, ...rest }: DeviceModel['pools'][number]['members'][number],
  pool: string,
  place: Place,
  context: string,
): FindEntry {
  const host = address?.includes(':') === true ? `[${address}]` : address;
  const whole = host === undefined || port === undefined ? address : `${host}:${port}`;
  return { ...entryOf('member', name, { address: whole, ...rest }, place, `${context}\n${pool.toLowerCase()}`), pool };
}

function entryOf(kind: FoundKind, name: string, rest: object, place: Place, context: string): FindEntry {
  const fields: FieldText[] = [{ field: 'name', text: name }];
  collect(rest, '', fields);
  const addresses = fields.flatMap((field) => {
    const address = readAddress(hostOf(field.text));
    return address === undefined ? [] : [{ ...address, field }];
  });
  const hay = fields.map(({ text }) => text.toLowerCase()).join('\n');
  return { kind, name, place, fields, addresses, hay, context };
}

/** A device's own address is a URL: what stands behind the @ is the host. */
function hostOf(text: string): string {
  return text.includes('://') ? text.replace(/^[^/]*:\/\/([^@/]*@)?([^/?]*).*$/s, '$2') : text;
}

/** Every text below an object, each under the names that lead to it: `native.balance`, `tls.certificates.certFile`. */
function collect(value: unknown, path: string, fields: FieldText[]): void {
  if (typeof value === 'string') {
    if (value !== '') fields.push({ field: path, text: value });
  } else if (Array.isArray(value)) {
    for (const each of value) collect(each, path, fields);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value)) collect(each, path === '' ? key : `${path}.${key}`, fields);
  }
}
