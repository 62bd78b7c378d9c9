import { execFileSync, spawnSync } from 'node:child_process';

export interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process below `pid`, children of children too, as ps(1) tells. */
export function descendants(pid: number): readonly ProcessLine[] {
  const all = execFileSync('ps', ['-eo', 'pid=,ppid=,args='])
    .toString()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .flatMap((match) => (match ? [{ pid: Number(match[1]), parent: Number(match[2]), command: match[3] ?? '' }] : []));
  const found: ProcessLine[] = [];
  for (let parents = [pid]; parents.length > 0;) {
    const children = all.filter((one) => parents.includes(one.parent));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found.filter((one) => !one.command.startsWith('ps '));
}

/** False for what has ended and only waits to be reaped, too. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)]);
  const state = stdout.toString().trim();
  return state !== '' && !state.startsWith('Z');
}
