import { type DeviceAddress, parseAddress } from '../contract/address.ts';
import type { Credentials, TestReport, TestStep } from '../contract/api.ts';
import { toProblem } from '../contract/errors.ts';
import type { Session } from '../transports/transport.ts';
import { closeSession } from './device-link.ts';
import type { DriverTools, VendorDriver } from '../vendors/vendor.ts';

export interface TestRequest {
  readonly testId: string;
  readonly address: string;
  readonly credentials?: Credentials | undefined;
  readonly acceptHostKey?: string | undefined;
}

export interface TesterTools {
  readonly driverOf: (address: DeviceAddress) => VendorDriver;
  readonly driverTools: DriverTools;
  /** Opens a session of its own for the test and reports name, TCP, host key and sign-in as they end. */
  readonly connect: (
    address: DeviceAddress,
    request: TestRequest,
    report: (step: TestStep) => void,
    signal: AbortSignal,
  ) => Promise<Session>;
  /** The host key that an error asks about, where it does. */
  readonly newHostKeyOf: (error: unknown) => TestReport['newHostKey'];
  readonly onReport: (report: TestReport) => void;
}

const hostSteps: readonly Pick<TestStep, 'id' | 'title'>[] = [
  { id: 'name', title: 'Name' },
  { id: 'tcp', title: 'TCP connection' },
  { id: 'host-key', title: 'Host key' },
  { id: 'authentication', title: 'Sign in' },
];
const agentSteps = hostSteps.filter(({ id }) => id === 'name' || id === 'authentication');
const deviceSteps: readonly Pick<TestStep, 'id' | 'title'>[] = [
  { id: 'privilege', title: 'Rights' },
  { id: 'version', title: 'Version' },
  { id: 'read', title: 'Read the configuration' },
];

/** Walks from the name to the first reading and stops at the first step that fails, with the raw answer. Never throws for a device's fault. */
export async function testDevice(request: TestRequest, tools: TesterTools, signal: AbortSignal): Promise<TestReport> {
  const address = parseAddress(request.address);
  const driver = tools.driverOf(address);
  const planned = [...firstSteps(address.transport), ...deviceSteps];
  let report: TestReport = {
    testId: request.testId,
    steps: planned.map((step) => ({ ...step, state: 'pending' })),
  };
  function update(change: Partial<TestReport>): void {
    report = { ...report, ...change };
    tools.onReport(report);
  }
  function onStep(step: TestStep): void {
    const isKnown = report.steps.some((other) => other.id === step.id);
    update({
      steps: isKnown ? report.steps.map((other) => (other.id === step.id ? step : other)) : [...report.steps, step],
    });
  }
  let session: Session | undefined;
  try {
    session = await tools.connect(address, request, onStep, signal);
    const device = driver.open(session, address, tools.driverTools);
    update(await device.test(onStep, signal));
    onStep({ id: 'read', title: 'Read the configuration', state: 'running' });
    const startedAt = tools.driverTools.now().getTime();
    const reading = await device.read(signal);
    const { pools, virtualServers } = reading.model;
    const detail = `${counted(virtualServers.length, 'virtual server')}, ${counted(pools.length, 'pool')}`;
    const durationMs = tools.driverTools.now().getTime() - startedAt;
    onStep({ id: 'read', title: 'Read the configuration', state: 'done', durationMs, detail });
  } catch (error) {
    const newHostKey = tools.newHostKeyOf(error);
    if (newHostKey) update({ newHostKey });
    failRunning(report, error, onStep);
  } finally {
    if (session !== undefined) closeSession(session);
  }
  return report;
}

function firstSteps(transport: DeviceAddress['transport']): readonly Pick<TestStep, 'id' | 'title'>[] {
  if (transport === 'ssh') return hostSteps;
  return transport === 'snmp' ? agentSteps : [];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** The step at which it ended says why, where the step has not said it itself. */
function failRunning(report: TestReport, error: unknown, onStep: (step: TestStep) => void): void {
  if (report.steps.some((step) => step.state === 'failed' || step.state === 'question')) return;
  const step =
    report.steps.find((other) => other.state === 'running') ?? report.steps.find((other) => other.state === 'pending');
  if (!step) return;
  const problem = toProblem(error);
  onStep({ ...step, state: 'failed', detail: problem.detail, problem });
}
