import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFacts } from '../../src-main/console/certificates/facts.ts';
import { AppError } from '../../src-main/contract/errors.ts';
import type { Command, Plan, Step } from '../../src-main/contract/plan.ts';
import type { HostSession } from '../../src-main/transports/transport.ts';
import type { DriverTools, PlanDraft } from '../../src-main/vendors/vendor.ts';

export const realTools: DriverTools = {
  now: () => new Date(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
  sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
  certificate: readFacts,
};

/** A draft as the console makes a plan of it. */
export function planOf(draft: PlanDraft, id: string): Plan {
  const frame = { version: 1 as const, id, device: 'test', vendor: 'haproxy', createdAt: '2026-11-22T10:00:00.000Z' };
  return { ...draft, ...frame, desired: {}, changes: [] };
}

/** Sends steps in their order, by the session alone; throws COMMAND_REJECTED at the first that fails. */
export async function sendSteps(session: HostSession, steps: readonly Step[]): Promise<void> {
  for (const step of steps) for (const command of step.commands) await sendCommand(session, command);
}

async function sendCommand(session: HostSession, command: Command): Promise<void> {
  if (command.kind === 'http') throw new Error('no HTTP here');
  if (command.kind === 'shell') {
    const { code, stdout, stderr } = await session.exec(command.text, { timeoutMs: 60_000 });
    if (code !== 0)
      throw new AppError('COMMAND_REJECTED', command.text, { raw: `${stdout.toString()}${stderr.toString()}` });
    return;
  }
  const answer = (await session.request(command.socket, command.text)).toString();
  if (new RegExp(command.expect ?? String.raw`^\s*$`, 'u').test(answer)) return;
  throw new AppError('COMMAND_REJECTED', command.text, { raw: answer });
}

/**
 * Pastes what is shown, each command in its turn, into one bash, as a person would; gives its exit status of each. `as`: words before the
 * shell that make it another account's.
 */
export function pasteSteps(
  steps: readonly Step[],
  as: readonly string[] = [],
): Promise<{ readonly statuses: readonly number[]; readonly output: string }> {
  const lines = steps.flatMap((step) => step.commands.map((command) => `${command.shown}\necho "status=$?"`));
  return new Promise((resolve, reject) => {
    const [program, ...words] = [...as, 'bash'];
    const child = execFile(program, words, { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error?.killed === true) reject(new Error(`bash hung: ${stdout}${stderr}`));
      const statuses = [...stdout.matchAll(/^status=(\d+)$/gm)].map(([, status]) => Number(status));
      resolve({ statuses, output: `${stdout}${stderr}` });
    });
    child.stdin?.end(`${lines.join('\n')}\n`);
  });
}
