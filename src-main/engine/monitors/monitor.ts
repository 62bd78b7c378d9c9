import type { EngineMonitor } from '../../contract/engine-config.ts';
import type { MonitorSettings } from '../config/settings.ts';

/** Where a probe goes: the member, or what its monitor names instead; and whose health it is about. */
export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  readonly pool: string;
  readonly member: string;
  /** HTTP is spoken as its pool does: version 2. */
  readonly isHttp2: boolean;
}

/** What one probe found. `result` is short and for people: `HTTP 200`, `connection refused`. */
export interface Verdict {
  readonly isPassing: boolean;
  readonly result: string;
  /** The member asks to be drained: no new clients, whatever else holds. */
  readonly isDraining?: boolean;
  /** The member asks for no traffic at all (maintenance). */
  readonly isStopping?: boolean;
  /** Percent of the configured weight that the member asks for. */
  readonly weightPercent?: number;
  /** What it does not ask for stands as it was; else it is taken back. */
  readonly isPartial?: boolean;
  /** It says nothing about health: `isPassing` does not count. */
  readonly saysNoHealth?: boolean;
}

/** One kind of monitor: speaks its protocol once. It settles within `timeoutMs`, never throws, and leaves nothing open. */
export interface MonitorKind {
  readonly type: string;
  /** Which keys beside name, type, timing, address and port it understands; any other is refused. */
  readonly settings: readonly (keyof EngineMonitor)[];
  readonly probe: (settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal) => Promise<Verdict>;
}
