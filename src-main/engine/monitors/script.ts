import type { MonitorSettings } from '../config/settings.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';
import { runProgram } from './program.ts';

/**
 * Runs the command that `scripts` has under the name `script`, by the system's shell: exit status 0 passes, the first line of its
 * standard output is the result. Its whole environment is PATH and
 *
 * | variable | holds |
 * | --- | --- |
 * | `STEELYARD_ADDRESS`, `STEELYARD_PORT` | where the member (or what its monitor names instead) is |
 * | `STEELYARD_POOL`, `STEELYARD_MEMBER`, `STEELYARD_MONITOR` | their names |
 * | `STEELYARD_TIMEOUT_MS` | after so long it is killed with all that it started |
 */
export const scriptMonitor: MonitorKind = { type: 'script', settings: ['script'], probe };

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const env = {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    STEELYARD_ADDRESS: target.address,
    STEELYARD_PORT: String(target.port),
    STEELYARD_POOL: target.pool,
    STEELYARD_MEMBER: target.member,
    STEELYARD_MONITOR: settings.name,
    STEELYARD_TIMEOUT_MS: String(settings.timeoutMs),
  };
  const shell =
    process.platform === 'win32'
      ? { file: 'cmd.exe', args: ['/d', '/s', '/c', settings.command] }
      : { file: '/bin/sh', args: ['-c', settings.command] };
  return runProgram({ ...shell, env }, settings.timeoutMs, signal);
}
