import { lookup } from 'node:dns/promises';
import { performance } from 'node:perf_hooks';
import type { TestStep } from '../contract/api.ts';
import { AppError, toProblem } from '../contract/errors.ts';
import type { SnmpOptions } from './snmp-options.ts';
import { openSnmp } from './snmp-session.ts';
import type { SnmpSession } from './transport.ts';

/** SNMPv2-MIB: what the agent is. Every agent has it. */
const sysDescr = '1.3.6.1.2.1.1.1.0';

/**
 * A session with an agent that answered once, each step told: the name, then the first answer. UDP has no connection, so a silent
 * agent and a wrong community look alike; v3 tells them apart. Throws what the session throws, after the report of the step.
 */
export async function connectSnmpInSteps(
  options: SnmpOptions,
  report: (step: TestStep) => void,
  signal: AbortSignal,
): Promise<SnmpSession> {
  await runStep('name', 'Name', report, () => lookUp(options.host));
  const session = await runStep(
    'authentication',
    'Sign in',
    report,
    () => Promise.resolve(openSnmp(options)),
    (opened) => firstAnswer(opened, signal),
  );
  return session;
}

async function lookUp(host: string): Promise<string> {
  try {
    const answers = await lookup(host, { all: true });
    return answers.map(({ address }) => address).join(', ');
  } catch (cause) {
    throw new AppError('UNREACHABLE', `The name "${host}" could not be resolved.`, { cause });
  }
}

async function firstAnswer(session: SnmpSession, signal: AbortSignal): Promise<string> {
  try {
    const [description] = await session.get([sysDescr], { signal });
    const text = Buffer.isBuffer(description?.value) ? description.value.toString('utf8') : 'the agent answers';
    return text.split('\n', 1)[0]?.slice(0, 200) ?? '';
  } catch (error) {
    session.close();
    throw error;
  }
}

/** Reports a step as it starts and ends. The detail is what `detail` finds, or the value itself where it is text. */
async function runStep<T>(
  id: TestStep['id'],
  title: string,
  report: (step: TestStep) => void,
  work: () => Promise<T>,
  detail: (value: T) => Promise<string> = (value) => Promise.resolve(String(value)),
): Promise<T> {
  const startedAt = performance.now();
  function since(): number {
    return Math.round(performance.now() - startedAt);
  }
  report({ id, title, state: 'running' });
  try {
    const value = await work();
    const words = await detail(value);
    report({ id, title, state: 'done', durationMs: since(), detail: words });
    return value;
  } catch (error) {
    const problem = toProblem(error);
    report({ id, title, state: 'failed', durationMs: since(), detail: problem.detail, problem });
    throw error;
  }
}
