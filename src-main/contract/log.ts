/** One line of a device's log, taken apart as far as it is understood. Times are the device's own text: its log tells no zone. */
export interface LogEntry {
  readonly text: string;
  readonly at?: string;
  readonly client?: string;
  readonly virtualServer?: string;
  readonly pool?: string;
  readonly member?: string;
  readonly status?: number;
  readonly request?: string;
  readonly totalMs?: number;
  readonly bytesOut?: number;
  /** How the session ended: the device's code, and what it means, one sentence for each part. */
  readonly state?: { readonly code: string; readonly isNormal: boolean; readonly words: readonly string[] };
}

/** What has come since the last page. */
export interface LogPage {
  /** Where it stands, in words. */
  readonly source: string;
  /** To be given for the next page. */
  readonly cursor: string;
  readonly entries: readonly LogEntry[];
}
