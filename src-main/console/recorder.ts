import { randomBytes } from 'node:crypto';
import { parseAddress } from '../contract/address.ts';
import type { Credentials, DeviceSpec, RecordedFile } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import type { Sample } from '../contract/metrics.ts';
import type { DeviceModel } from '../contract/model.ts';
import { Scrubber } from '../core/recording/scrubber.ts';
import { recordSession } from '../transports/record.ts';
import { type Answer, type Exchange, parseRecording, renderRecording } from '../transports/recording.ts';
import { recordSnmp } from '../transports/snmp-recording.ts';
import { scrubbedRows } from '../transports/snmp-scrub.ts';
import type { Session } from '../transports/transport.ts';
import { objectNames } from '../vendors/object-names.ts';
import type { DeviceReading, DriverTools } from '../vendors/vendor.ts';
import { closeSession, maskSecrets } from './device-link.ts';
import { driverNamed } from './native.ts';

export interface RecorderTools {
  /** A session of its own, so that nothing but the recording goes over it. */
  readonly openSession: (spec: DeviceSpec, address: string) => Session;
  readonly credentials: (device: string) => Promise<Credentials>;
  readonly driverTools: DriverTools;
}

const timeoutMs = 120_000;

/**
 * Reads a device once more, everything that its driver asks for, and gives back what came, scrubbed: `snmp/VENDOR.snmprec` (what an agent
 * would serve), `cli/VENDOR.recording` (commands and answers), `config/VENDOR/...` (files), and what was done to it. Replayed it is the
 * same model but for the names. Throws what the session throws, and CAPABILITY_MISSING for a device that is reached by HTTP.
 */
export async function recordDevice(spec: DeviceSpec, tools: RecorderTools): Promise<readonly RecordedFile[]> {
  const secrets = Object.values(await tools.credentials(spec.name)).filter((secret) => typeof secret === 'string');
  const files: RecordedFile[] = [];
  const ways = [spec.address, ...(spec.poll === undefined ? [] : [spec.poll])];
  const communities = ways
    .map((way) => parseAddress(way))
    .flatMap((one) => (one.transport === 'snmp' ? [one.user] : []));
  const salt = randomBytes(32).toString('hex');
  const masks = ways.map((way) => driverNamed(parseAddress(way).vendor));
  const scrubber = new Scrubber({
    digest: (text) => tools.driverTools.sha256(Buffer.from(salt + text)),
    secrets: [...secrets, ...communities.filter((word) => word !== '' && word !== 'public')],
    mask: (text) => masks.reduce((left, driver) => maskSecrets(driver, left), text),
  });
  for (const way of ways) files.push(...(await recordWay(spec, way, tools, scrubber)));
  return [...files, { path: 'README.md', text: readme(spec, files, scrubber) }];
}

async function recordWay(
  spec: DeviceSpec,
  way: string,
  { openSession, driverTools }: RecorderTools,
  scrubber: Scrubber,
): Promise<readonly RecordedFile[]> {
  const address = parseAddress(way);
  const driver = driverNamed(address.vendor);
  const session = openSession(spec, way);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    if (session.kind === 'http') {
      const why = `${driver.label} is reached by HTTP: its configuration is a file, which can be sent as it is.`;
      throw new AppError('CAPABILITY_MISSING', why);
    }
    const snmp = session.kind === 'snmp' ? recordSnmp(session.snmp) : undefined;
    const host = session.kind === 'host' ? recordSession(session.host, []) : undefined;
    const recorded: Session = snmp === undefined ? { kind: 'host', host: host ?? noSession() } : { kind: 'snmp', snmp };
    const device = driver.open(recorded, address, driverTools);
    const reading = await device.read(signal);
    const sample = await device.poll(signal).catch(withoutFigures);
    addNames(scrubber, spec, reading, sample);
    for (const { bytes } of reading.files) {
      for (const name of objectNames(driver.id, bytes.toString('latin1'))) scrubber.addName('object', name);
    }
    if (snmp !== undefined) {
      const rows = scrubbedRows(snmp.recording(), {
        text: (text) => scrubber.text(text),
        ipv4: (one) => scrubber.addresses.ipv4(one),
        ipv6: (one) => scrubber.addresses.ipv6(one),
        addresses: () => scrubber.addresses.entries(),
      });
      return [{ path: `snmp/${driver.id}.snmprec`, text: rows }];
    }
    const exchanges = parseRecording(host?.recording() ?? '').map((one) => scrubbedExchange(one, scrubber));
    return [
      { path: `cli/${driver.id}.recording`, text: renderRecording(exchanges) },
      ...reading.files.map((file) => ({
        path: `config/${driver.id}/${scrubber.command(file.path).replace(/^\/+/, '').replaceAll('..', '_')}`,
        text: scrubber.text(file.bytes.toString('utf8')),
      })),
    ];
  } finally {
    closeSession(session);
  }
}

/** Some kinds tell their figures by another way alone. */
function withoutFigures(error: unknown): undefined {
  if (!(error instanceof AppError) || error.code !== 'CAPABILITY_MISSING') throw error;
}

function noSession(): never {
  throw new AppError('INTERNAL', 'A session of no kind was recorded.');
}

/** Everything that the device, or whoever named it here, has given a name. */
function addNames(
  scrubber: Scrubber,
  spec: DeviceSpec,
  { model, facts }: DeviceReading,
  sample: Sample | undefined,
): void {
  for (const { name } of [...model.virtualServers, ...(sample?.virtualServers ?? [])])
    scrubber.addName('virtual', name);
  for (const { name } of [...model.pools, ...(sample?.pools ?? [])]) scrubber.addName('pool', name);
  for (const member of [...model.pools, ...(sample?.pools ?? [])].flatMap(({ members }) => [...members])) {
    scrubber.addName('member', member.name);
    if ('node' in member && typeof member.node === 'string') scrubber.addName('node', member.node);
  }
  for (const [kind, list] of listsOf(model)) for (const { name } of list) scrubber.addName(kind, name);
  for (const word of [facts.host, spec.name]) if (word !== undefined) scrubber.addName('device', word);
  const [short] = (facts.host ?? '').split('.');
  if (short !== undefined && short !== '') scrubber.addName('device', short);
}

function listsOf({
  nodes,
  monitors,
  profiles,
  certificates,
}: DeviceModel): readonly (readonly [string, readonly { readonly name: string }[]])[] {
  return [
    ['node', nodes ?? []],
    ['monitor', monitors],
    ['profile', profiles],
    ['certificate', certificates],
  ];
}

function scrubbedExchange(exchange: Exchange, scrubber: Scrubber): Exchange {
  function bytes(from: Buffer): Buffer {
    return Buffer.from(scrubber.text(from.toString('latin1')), 'latin1');
  }
  function answer(from: Answer): Answer {
    if ('error' in from) return { error: { ...from.error, detail: scrubber.text(from.error.detail) } };
    if ('bytes' in from) return { bytes: bytes(from.bytes) };
    return { ...from, stdout: bytes(from.stdout), stderr: bytes(from.stderr) };
  }
  return {
    ...exchange,
    subject: scrubber.command(exchange.subject),
    text: scrubber.command(exchange.text),
    stdin: bytes(exchange.stdin),
    answer: answer(exchange.answer),
  };
}

function readme(spec: DeviceSpec, files: readonly RecordedFile[], scrubber: Scrubber): string {
  const kinds = [spec.address, spec.poll].flatMap((way) => (way === undefined ? [] : [parseAddress(way).vendor]));
  return [
    `# A recording of ${kinds.join(' and ')}`,
    '',
    'Secrets, keys, comments, descriptions, host names and mail addresses are gone. Names of objects and addresses are substituted, the',
    'same always by the same; subnets are kept. Read it through before you send it: nobody knows all that a configuration may hold.',
    '',
    `${scrubber.names.size} names and ${scrubber.addresses.entries().size} addresses were substituted.`,
    '',
    ...files.map(({ path }) => `- \`${path}\``),
    '',
  ].join('\n');
}
