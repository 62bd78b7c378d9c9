import { open, type FileHandle } from 'node:fs/promises';
import { AppError } from '../../contract/errors.ts';
import type { LogBatch } from './access-log.ts';

/** What was written and what was lost since the engine started. */
export interface AccessLogCounts {
  readonly lines: number;
  readonly lost: number;
}

interface Part {
  readonly batch: LogBatch;
  readonly isWritten: () => void;
}

/** A log file that is open, not in use yet. */
export interface OpenedLog {
  readonly file: string;
  readonly handle: FileHandle;
}

/** Opens a log file to append to. Throws PERMISSION_DENIED, NOT_FOUND. */
export async function openLog(file: string): Promise<OpenedLog> {
  try {
    return { file, handle: await open(file, 'a', 0o640) };
  } catch (error) {
    // What open throws has a code.
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new AppError(
      code === 'ENOENT' || code === 'ENOTDIR' ? 'NOT_FOUND' : 'PERMISSION_DENIED',
      `The access log "${file}" cannot be opened (${code}). Mend log.file.`,
      { cause: error },
    );
  }
}

/** The one writer of the access log: batches of all workers one after another, each whole. */
export class AccessWriter {
  readonly #onFailure: (detail: string) => void;
  #log: OpenedLog | undefined;
  #parts: Part[] = [];
  #running: Promise<void> | undefined;
  #lines = 0;
  #lost = 0;
  /** Lost lines that the file does not tell of yet. */
  #untold = 0;
  #hasFailed = false;

  constructor(onFailure: (detail: string) => void) {
    this.#onFailure = onFailure;
  }

  get counts(): AccessLogCounts {
    return { lines: this.#lines, lost: this.#lost };
  }

  /** Goes on in another file, or the same opened anew (it may have been moved away); undefined = no log. */
  async use(log: OpenedLog | undefined): Promise<void> {
    const before = this.#log;
    await this.#running;
    this.#log = log;
    this.#hasFailed = false;
    await before?.handle.close();
  }

  /** `isWritten` is called when the batch has left, or was lost. */
  add(batch: LogBatch, isWritten: () => void): void {
    this.#parts.push({ batch, isWritten });
    this.#running ??= this.#write().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when all that came has left. */
  async close(): Promise<void> {
    await this.#running;
    await this.use(undefined);
  }

  async #write(): Promise<void> {
    while (this.#parts.length > 0) {
      const parts = this.#parts;
      this.#parts = [];
      const lines = sum(parts, (batch) => batch.lines);
      const lost = sum(parts, (batch) => batch.lost);
      this.#lost += lost;
      this.#untold += lost;
      const untold = this.#untold;
      const told = untold === 0 ? '' : `${JSON.stringify({ at: new Date().toISOString(), lost: untold })}\n`;
      try {
        await this.#log?.handle.appendFile(told + parts.map(({ batch }) => batch.text).join(''));
        this.#untold -= untold;
        this.#lines += lines;
      } catch (error) {
        this.#lost += lines;
        this.#untold += lines;
        if (!this.#hasFailed) this.#onFailure(`${this.#log?.file ?? ''}: ${String(error)}`);
        this.#hasFailed = true;
      }
      for (const part of parts) part.isWritten();
    }
  }
}

function sum(parts: readonly Part[], of: (batch: LogBatch) => number): number {
  return parts.reduce((total, { batch }) => total + of(batch), 0);
}
