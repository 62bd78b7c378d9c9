import { isIP } from 'node:net';
import type { MonitorSettings } from '../config/settings.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';
import { runProgram } from './program.ts';

/**
 * One echo request by the platform's own ping, since raw sockets need rights that an engine should not have. Its path must stand under
 * `scripts` as `ping`: the engine starts no program that its file does not name.
 */
export const icmpMonitor: MonitorKind = { type: 'icmp', settings: [], probe };

async function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const { address } = target;
  // An address that looks like an option would be read as one.
  if (address.startsWith('-')) return { isPassing: false, result: `"${address}" is no address` };
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
  const program = { file: settings.command, args: argumentsOf(address, settings.timeoutMs), env };
  const verdict = await runProgram(program, settings.timeoutMs, signal);
  const isRefusal = !verdict.isPassing && verdict.result.startsWith('exit status 1:');
  if (verdict.isPassing) return { isPassing: true, result: 'echo reply' };
  return isRefusal ? { isPassing: false, result: 'no echo reply' } : verdict;
}

/** One packet, no names looked up, and a time-out in the platform's unit. */
function argumentsOf(address: string, timeoutMs: number): string[] {
  const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1000)));
  if (process.platform === 'win32') return ['-n', '1', '-w', String(timeoutMs), address];
  if (process.platform === 'darwin') return ['-n', '-c', '1', '-t', seconds, address];
  return ['-n', '-c', '1', '-W', seconds, ...(isIP(address) === 6 ? ['-6'] : []), address];
}
