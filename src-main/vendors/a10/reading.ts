import { AppError } from '../../contract/errors.ts';
import type { HostSession } from '../../transports/transport.ts';
import type { Sha256 } from '../command-plan.ts';
import { type Part, partitionsIn } from './partitions.ts';
import { askedIn, fingerprintOf, readingCommand } from './plan.ts';

/** Throws COMMAND_REJECTED with the device's words. */
export async function ask(host: HostSession, command: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await host.exec(command, { signal, timeoutMs: 120_000 });
  const said = stdout.toString('utf8');
  const first = said.split('\n').find((line) => /^\s*(?:%|Partition '[^']*' does not exist)/.test(line));
  if (first === undefined) return said;
  throw new AppError('COMMAND_REJECTED', `"${command}" was refused: ${first.trim()}`, { raw: said.slice(0, 4096) });
}

/** What every partition runs, that in which a session begins (`home`) first; an account of one partition is shown that one alone. */
export async function running(
  host: HostSession,
  signal: AbortSignal,
): Promise<{ readonly parts: readonly Part[]; readonly home: string }> {
  const { home } = await readRole(host, signal);
  const first = await runningOf(host, home, home, signal);
  if (home !== '') return { parts: [first], home };
  const partitions = partitionsIn(first.text, await listOf(host, signal));
  const parts = [first];
  // One after the other: each is a terminal of its own, and a device has few of them.
  for (const partition of partitions) parts.push(await runningOf(host, partition, home, signal));
  return { parts, home };
}

/** An account that may not list them knows those that the running-config names. */
async function listOf(host: HostSession, signal: AbortSignal): Promise<string> {
  try {
    return await ask(host, 'show partition', signal);
  } catch (error) {
    if (error instanceof AppError && error.code === 'COMMAND_REJECTED') return '';
    throw error;
  }
}

async function runningOf(host: HostSession, partition: string, home: string, signal: AbortSignal): Promise<Part> {
  const command = askedIn(partition, home, readingCommand);
  const text = withoutGreeting(await ask(host, command, signal));
  // A partition that holds nothing yet says no more than its comments.
  if (/^(?:slb|hostname|interface|ip|vlan|health|!|end\b)/m.test(text)) return { partition, text };
  throw new AppError('OUTPUT_UNPARSED', `The answer to "${command}" is no running-config of ACOS.`, {
    raw: text.slice(0, 4096),
  });
}

/** `Current active partition: NAME`, as a session is told that enters one (recorded on 4.1.1). */
function withoutGreeting(said: string): string {
  return said.replace(/^\s*Current active partition:.*\n/, '');
}

/** The partitions whose changes nobody has saved, in words. */
export async function unsaved(
  host: HostSession,
  sha256: Sha256,
  { parts, home }: { readonly parts: readonly Part[]; readonly home: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const part of parts) {
    const command = askedIn(part.partition, home, 'show startup-config');
    const text = withoutGreeting(await ask(host, command, signal));
    const isOther = text.trim() !== '' && fingerprintOf([{ ...part, text }], sha256) !== fingerprintOf([part], sha256);
    if (isOther) found.push(part.partition === '' ? 'shared' : part.partition);
  }
  return found;
}

/** What the prompt says of the device: `ACOS-Standby-vBlade[1/2](config)#`. */
export async function readRole(
  host: HostSession,
  signal: AbortSignal,
): Promise<{ readonly vrrp: string; readonly vcs: string; readonly home: string; readonly mayChange: boolean }> {
  const prompt = await ask(host, '', signal);
  return {
    vrrp: /-(Active|Standby|ForcedStandby)\b/i.exec(prompt)?.[1] ?? 'none',
    vcs: /-(vMaster|vBlade)\b/i.exec(prompt)?.[1] ?? 'none',
    home: homeOf(prompt),
    mayChange: prompt.endsWith('#'),
  };
}

/** The partition in the prompt, `ACOS-Active[p1]#`; `''` is the shared one. A chassis and unit (`[1/2]`) is none. */
function homeOf(prompt: string): string {
  return /\[([A-Za-z0-9_.-]+)\]/.exec(prompt)?.[1] ?? '';
}
