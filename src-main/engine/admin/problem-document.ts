import type { ServerResponse } from 'node:http';
import { AppError, toProblem, type ErrorCode } from '../../contract/errors.ts';

/** What is wrong with one field of a request. */
export interface FieldProblem {
  readonly field: string;
  readonly detail: string;
}

/** A call that cannot be carried out: answered as an RFC 9457 problem document. */
export class AdminProblem extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly FieldProblem[];

  constructor(status: number, title: string, detail: string, errors: readonly FieldProblem[] = []) {
    super(detail);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
  }
}

const statusOf: Partial<Record<ErrorCode, number>> = {
  INPUT_INVALID: 422,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  LOCK_HELD: 409,
  ADDRESS_IN_USE: 409,
  CAPABILITY_MISSING: 422,
  CERTIFICATE_INVALID: 422,
};

/** Answers with the problem document of any thrown value. */
export function sendProblem(response: ServerResponse, error: unknown): void {
  const known = error instanceof AdminProblem ? error : fromError(error);
  const { status, title, detail, errors } = known;
  const body = { type: 'about:blank', title, status, detail, ...(errors.length > 0 ? { errors } : {}) };
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(`${JSON.stringify(body)}\n`);
}

function fromError(error: unknown): AdminProblem {
  const { title, detail, code } = toProblem(error);
  const status = error instanceof AppError ? (statusOf[code] ?? 500) : 500;
  return new AdminProblem(status, title, detail);
}
