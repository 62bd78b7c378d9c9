/** Who can act on a failure: decides how it is shown and whether it is tried again. */
export type ErrorFamily = 'input' | 'transport' | 'device' | 'plan' | 'engine' | 'app';

interface ErrorRule {
  readonly family: ErrorFamily;
  /** Fixed words, no names or values: safe to count and to compare. */
  readonly title: string;
  readonly retryable: boolean;
}

/** Every error code with its family, its fixed title and whether the poll loop may try again by itself. */
export const errorRules = {
  INPUT_INVALID: { family: 'input', title: 'The input is not valid.', retryable: false },
  NOT_FOUND: { family: 'input', title: 'There is no such object.', retryable: false },
  ALREADY_EXISTS: { family: 'input', title: 'An object of that name exists.', retryable: false },
  LOCKED: { family: 'input', title: 'The device is locked: it can be read, not changed.', retryable: false },
  UNREACHABLE: { family: 'transport', title: 'The device cannot be reached.', retryable: true },
  AUTH_FAILED: { family: 'transport', title: 'The device refused the credentials.', retryable: false },
  HOST_KEY_UNKNOWN: { family: 'transport', title: 'The host key is not known yet.', retryable: false },
  HOST_KEY_CHANGED: { family: 'transport', title: 'The host key has changed.', retryable: false },
  TIMED_OUT: { family: 'transport', title: 'The device did not answer in time.', retryable: true },
  SESSION_CLOSED: { family: 'transport', title: 'The connection was closed.', retryable: true },
  PERMISSION_DENIED: { family: 'device', title: 'The account lacks a right.', retryable: false },
  PROMPT_UNKNOWN: { family: 'device', title: 'The prompt was not understood.', retryable: false },
  COMMAND_REJECTED: { family: 'device', title: 'The device refused a command.', retryable: false },
  OUTPUT_UNPARSED: { family: 'device', title: 'An answer of the device was not understood.', retryable: true },
  VERSION_UNSUPPORTED: { family: 'device', title: 'This version is not supported.', retryable: false },
  CAPABILITY_MISSING: { family: 'device', title: 'The device cannot do this.', retryable: false },
  PLAN_STALE: { family: 'plan', title: 'The device has changed since the plan was made.', retryable: false },
  PLAN_INVALID: { family: 'plan', title: 'The plan cannot be carried out.', retryable: false },
  LOCK_HELD: { family: 'plan', title: 'Another change is running.', retryable: false },
  APPLY_PARTIAL: { family: 'plan', title: 'The change stopped half way.', retryable: false },
  ADDRESS_IN_USE: { family: 'engine', title: 'The address is in use.', retryable: false },
  NO_MEMBER_AVAILABLE: { family: 'engine', title: 'No member is available.', retryable: true },
  CERTIFICATE_INVALID: { family: 'engine', title: 'The certificate cannot be used.', retryable: false },
  CANCELLED: { family: 'app', title: 'It was cancelled.', retryable: false },
  STORE_CORRUPT: { family: 'app', title: 'Stored data is damaged.', retryable: false },
  STORE_BUSY: { family: 'app', title: 'Another process owns the data directory.', retryable: false },
  SECRETS_LOCKED: { family: 'app', title: 'The secrets are locked.', retryable: false },
  INTERNAL: { family: 'app', title: 'Something went wrong inside Steelyard.', retryable: false },
} as const satisfies Record<string, ErrorRule>;

export type ErrorCode = keyof typeof errorRules;

/** The wire form of a failure: what crosses IPC, the web bridge and the CLI. */
export interface Problem {
  readonly code: ErrorCode;
  readonly title: string;
  /** Which object, what was wrong with it, what was or was not sent, what to do. Never holds a secret. */
  readonly detail: string;
  /** The device's own words, cut to 4 KiB, where there are any. */
  readonly raw?: string;
}

/** The one error class. Callers branch on `code`; people read `detail`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly raw: string | undefined;

  constructor(code: ErrorCode, detail: string, options: { readonly cause?: unknown; readonly raw?: string } = {}) {
    super(`${errorRules[code].title} ${detail}`, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.detail = detail;
    this.raw = options.raw;
  }

  get isRetryable(): boolean {
    return errorRules[this.code].retryable;
  }

  toProblem(): Problem {
    const problem = { code: this.code, title: errorRules[this.code].title, detail: this.detail };
    return this.raw === undefined ? problem : { ...problem, raw: this.raw.slice(0, 4096) };
  }
}

/** Any thrown value as a problem; what is not an `AppError` becomes INTERNAL with its message. */
export function toProblem(error: unknown): Problem {
  if (error instanceof AppError) return error.toProblem();
  const detail = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', title: errorRules.INTERNAL.title, detail };
}

/** The answer of every call over a process boundary: exceptions lose their fields there, this does not. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };
