import type { EngineMonitor } from '../../contract/engine-config.ts';
import type { MonitorSettings } from '../config/settings.ts';

/** Where a probe goes: the member, or what its monitor names instead. */
export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
}

/** What one probe found. `result` is short and for people: `HTTP 200`, `connection refused`. */
export interface Verdict {
  readonly isPassing: boolean;
  readonly result: string;
  /** The member asks to be drained: no new clients, whatever else holds. */
  readonly isDraining?: boolean;
  /** Percent of the configured weight that the member asks for. */
  readonly weightPercent?: number;
}

/** One kind of monitor: speaks its protocol once. It settles within `timeoutMs`, never throws, and leaves nothing open. */
export interface MonitorKind {
  readonly type: string;
  /** Which keys beside name, type, timing, address and port it understands; any other is refused. */
  readonly settings: readonly (keyof EngineMonitor)[];
  readonly probe: (settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal) => Promise<Verdict>;
}
