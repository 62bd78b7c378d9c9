import type { DeviceFacts, TestStep } from '../../contract/api.ts';
import { AppError, toProblem } from '../../contract/errors.ts';
import type { Sample } from '../../contract/metrics.ts';
import type { DeviceModel } from '../../contract/model.ts';
import type { CallOptions, Session, SnmpCell, SnmpSession } from '../../transports/transport.ts';
import type { DeviceReading, DriverTools, OpenDevice, VendorDriver } from '../vendor.ts';
import { numberOf, textOf } from './cells.ts';
import type { Mib } from './mib.ts';
import { modelOf } from './model.ts';
import { memberSample, poolSample, virtualServerSample } from './objects.ts';
import { type MibObjects, MibReader } from './read-mib.ts';
import { UpTime } from './up-time.ts';

const sysDescr = '1.3.6.1.2.1.1.1.0';
const sysUpTime = '1.3.6.1.2.1.1.3.0';
const sysName = '1.3.6.1.2.1.1.5.0';
const wholeMs = 45_000;

const readOnly =
  'SNMP is read here, never written: the vendor’s tables can be read only. Changes go by the vendor’s own way in.';

/** A driver that reads a balancer by SNMP as its MIB says, and changes nothing. */
export function mibDriver(mib: Mib): VendorDriver {
  return {
    id: mib.id,
    label: mib.label,
    transports: ['snmp'],
    secrets: [],
    parse: () => {
      throw new AppError('CAPABILITY_MISSING', `Configurations of ${mib.product} are not read from files yet.`);
    },
    edit: () => {
      throw new AppError('CAPABILITY_MISSING', readOnly);
    },
    open: (session, _address, tools) => openMib(mib, snmpOf(session, mib), tools),
  };
}

export function snmpOf(session: Session, { label }: Pick<Mib, 'label'>): SnmpSession {
  if (session.kind === 'snmp') return session.snmp;
  throw new AppError(
    'CAPABILITY_MISSING',
    `${label} is reached by SNMP here: give an address with snmp:// or snmpv3://.`,
  );
}

function openMib(mib: Mib, session: SnmpSession, tools: DriverTools): OpenDevice {
  const upTime = new UpTime();
  const reader = new MibReader(session, mib, () => tools.now().getTime());
  return readOnlyDevice({
    label: mib.label,
    session,
    tools,
    facts: (cells) => factsOf(mib, cells),
    read: async (options) => modelOf(mib, await reader.read('all', options)),
    poll: async (options) => {
      const [objects, box] = await Promise.all([reader.read('polled', options), readBox(mib, session, options)]);
      const now = tools.now();
      return { ...sampleOf(objects, box), at: now.toISOString(), epoch: upTime.epochAt(now, box.upTime) };
    },
  });
}

export interface ReadOnlyParts {
  readonly label: string;
  readonly session: SnmpSession;
  readonly tools: DriverTools;
  readonly facts: (cells: BasicCells) => DeviceFacts;
  readonly read: (options: CallOptions) => Promise<DeviceModel>;
  readonly poll: (options: CallOptions) => Promise<Sample>;
}
interface BasicCells {
  readonly description: string | undefined;
  readonly name: string | undefined;
}

/** What all devices have in common that are only read by SNMP. */
export function readOnlyDevice({ session, tools, facts, read, poll }: ReadOnlyParts): OpenDevice {
  async function basics(options: CallOptions): Promise<BasicCells> {
    const [description, name] = await session.get([sysDescr, sysName], options);
    return { description: textOf(description), name: textOf(name) };
  }
  async function reading(signal: AbortSignal): Promise<DeviceReading> {
    const options = { signal, timeoutMs: wholeMs };
    const [model, cells] = await Promise.all([read(options), basics(options)]);
    return {
      files: [],
      fingerprint: tools.sha256(Buffer.from(JSON.stringify(model))),
      facts: facts(cells),
      model,
    };
  }
  return {
    test: async (report, signal) => testAgent(() => basics({ signal }), facts, tools, report),
    read: reading,
    poll: (signal) => poll({ signal, timeoutMs: wholeMs }),
    plan: refuse,
    planFiles: refuse,
    standing: refuse,
  };
}

function refuse(): Promise<never> {
  return Promise.reject(new AppError('CAPABILITY_MISSING', readOnly));
}

async function testAgent(
  basics: () => Promise<BasicCells>,
  facts: ReadOnlyParts['facts'],
  tools: DriverTools,
  report: (step: TestStep) => void,
): Promise<{ facts: DeviceFacts; discovered: Record<string, string> }> {
  const startedAt = tools.now().getTime();
  const step = { id: 'version', title: 'Version' } as const;
  report({ id: 'privilege', title: 'Rights', state: 'done', detail: 'Reading; SNMP is never written.' });
  report({ ...step, state: 'running' });
  try {
    const cells = await basics();
    const durationMs = tools.now().getTime() - startedAt;
    report({ ...step, state: 'done', durationMs, detail: cells.description ?? 'The agent does not say what it is.' });
    return { facts: facts(cells), discovered: {} };
  } catch (error) {
    const problem = toProblem(error);
    report({ ...step, state: 'failed', detail: problem.detail, problem });
    throw error;
  }
}

function factsOf(mib: Mib, { description, name }: BasicCells): DeviceFacts {
  return {
    vendor: mib.id,
    label: mib.label,
    product: mib.product,
    ...(description === undefined ? {} : { version: description.split('\n', 1)[0]?.slice(0, 200) ?? '' }),
    ...(name === undefined ? {} : { host: name }),
    capabilities: [{ id: 'write', isPresent: false, why: readOnly }],
    weightRange: { lowest: 0, highest: 65_535 },
    algorithms: [],
  };
}

interface Box {
  readonly upTime: number | undefined;
  readonly device: Sample['device'];
  readonly system: Record<string, number>;
}

/** The box's own scalars in one question. */
async function readBox(mib: Mib, session: SnmpSession, options: CallOptions): Promise<Box> {
  const { version, serial, failover } = mib.device ?? {};
  const figures = Object.entries(mib.system ?? {});
  const oids = new Set<string>([sysUpTime]);
  for (const oid of [version, serial, failover?.oid]) if (oid !== undefined) oids.add(oid);
  for (const [, figure] of figures) {
    for (const oid of typeof figure === 'string' ? [figure] : [figure.used, figure.total]) oids.add(oid);
  }
  const list = [...oids];
  const cells = await session.get(list, options);
  const found = new Map<string, SnmpCell | undefined>(list.map((oid, at) => [oid, cells[at]]));
  const system: Record<string, number> = {};
  for (const [key, figure] of figures) {
    const value =
      typeof figure === 'string'
        ? numberOf(found.get(figure))
        : share(numberOf(found.get(figure.used)), numberOf(found.get(figure.total)));
    if (value !== undefined) system[key] = value;
  }
  const state = failover && numberOf(found.get(failover.oid));
  const versionText = textOf(found.get(version ?? ''));
  const serialText = textOf(found.get(serial ?? ''));
  return {
    upTime: numberOf(found.get(sysUpTime)),
    device: {
      vendor: mib.id,
      product: mib.product,
      ...(versionText === undefined ? {} : { version: versionText }),
      ...(serialText === undefined ? {} : { serial: serialText }),
      ...(state === undefined ? {} : { failover: failover?.words[state] ?? String(state) }),
    },
    system,
  };
}

function share(used: number | undefined, total: number | undefined): number | undefined {
  return used === undefined || total === undefined || total <= 0 ? undefined : Math.round((used / total) * 1000) / 10;
}

function sampleOf({ virtualServers, pools }: MibObjects, box: Box): Omit<Sample, 'at'> {
  return {
    device: box.device,
    system: box.system,
    virtualServers: virtualServers.map(virtualServerSample),
    pools: pools.map(({ name, object, members }) => {
      const samples = members.map(memberSample);
      return object === undefined ? { name, members: samples } : poolSample(object, samples);
    }),
    errors: [],
  };
}
