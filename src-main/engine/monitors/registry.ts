import { httpMonitor } from './http.ts';
import type { MonitorKind } from './monitor.ts';
import { tcpMonitor } from './tcp.ts';

const list: readonly MonitorKind[] = [httpMonitor, tcpMonitor];

/** Every kind of monitor that the engine speaks, by its type in the model. One import and one name make another. */
export const monitors: ReadonlyMap<string, MonitorKind> = new Map(list.map((kind) => [kind.type, kind]));
