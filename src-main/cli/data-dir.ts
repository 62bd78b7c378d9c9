import { join } from 'node:path';

/** Where inventory, history and secrets live unless told otherwise: the place that each system keeps for it. */
export function defaultDataDir(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Steelyard');
  if (platform === 'win32') return join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'Steelyard');
  const base = env['XDG_CONFIG_HOME'];
  // XDG Base Directory Specification: a relative path is invalid and to be ignored.
  return join(base?.startsWith('/') === true ? base : join(home, '.config'), 'steelyard');
}
