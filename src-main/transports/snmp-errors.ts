import { RequestFailedError, ResponseInvalidCode, ResponseInvalidError } from 'net-snmp';
import { AppError } from '../contract/errors.ts';
import type { SnmpSecurity } from './snmp-options.ts';

/** What is known of an exchange beside the package's error. */
export interface ExchangeFacts {
  /** Names agent and question. */
  readonly what: string;
  readonly security: SnmpSecurity;
  /** Of answers that no reader could make sense of since the question was sent: how many, and why the last could not be read. */
  readonly unreadable: { readonly count: number; readonly why: string };
}

/** RFC 3416 error-status as words about who can act; what is not listed is the agent's own trouble. */
const refusals = new Set(['NoAccess', 'AuthorizationError', 'ReadOnly']);

/** An error of the net-snmp package in our terms. Its own words name community and keys, so that they are never passed on. */
export function snmpError(error: Error, facts: ExchangeFacts): AppError {
  if (error instanceof AppError) return error;
  if (error.name === 'RequestTimedOutError') return unanswered(facts);
  if (error instanceof RequestFailedError) return refused(error, facts);
  if (error instanceof ResponseInvalidError) return invalid(error, facts);
  return new AppError('OUTPUT_UNPARSED', `${facts.what}: the answer could not be read (${error.name}).`);
}

function unanswered({ what, security, unreadable }: ExchangeFacts): AppError {
  if (unreadable.count > 0) {
    return new AppError(
      'OUTPUT_UNPARSED',
      `${what}: ${unreadable.count} datagrams came back and none could be read; the last: ${unreadable.why}.`,
    );
  }
  const why =
    security.version === 3
      ? 'It may be switched off, filtered on the way, or bound to another port; some agents are silent about a wrong privacy password.'
      : 'It may be switched off, filtered on the way, or not know the community: an agent does not say which.';
  return new AppError('TIMED_OUT', `${what}: the agent did not answer. ${why}`);
}

function refused(error: RequestFailedError, { what }: ExchangeFacts): AppError {
  const [status = ''] = error.message.split(':', 1);
  if (refusals.has(status)) {
    return new AppError('PERMISSION_DENIED', `${what}: the agent lets this account read nothing here (${status}).`, {
      raw: status,
    });
  }
  const more = status === 'TooBig' ? ' Even one value is too long for its answer.' : '';
  return new AppError('COMMAND_REJECTED', `${what}: the agent answered with the error ${status}.${more}`, {
    raw: status,
  });
}

/** A message outside the time window, by the agent's report or our own reckoning: the types of the package do not know its number. */
const notInTimeWindow = 14;

function invalid(error: ResponseInvalidError, { what, security }: ExchangeFacts): AppError {
  const code: number = error.code;
  if (code === notInTimeWindow || /^(Not In Time Window|Unknown Engine ID)/.test(error.message)) {
    return new AppError(
      'OUTPUT_UNPARSED',
      `${what}: the agent's engine is not the one that answered before (RFC 3414, 2.3); it is learned anew.`,
      { raw: 'ENotInTimeWindow' },
    );
  }
  switch (error.code) {
    case ResponseInvalidCode.EAuthFailure:
      return new AppError('AUTH_FAILED', `${what}: ${authenticationWords(error.message, security)}`);
    case ResponseInvalidCode.ECouldNotDecrypt:
      return new AppError(
        'AUTH_FAILED',
        `${what}: the answer could not be decrypted. The privacy password or protocol is another one on the device.`,
      );
    case ResponseInvalidCode.ECommunityNoMatch:
      return new AppError('OUTPUT_UNPARSED', `${what}: the answer names another community than the question.`);
    case ResponseInvalidCode.EVersionNoMatch:
      return new AppError('OUTPUT_UNPARSED', `${what}: the answer is of another SNMP version than the question.`);
    case ResponseInvalidCode.EIp4AddressSize:
    case ResponseInvalidCode.EOutOfOrder:
    default:
      return new AppError(
        'OUTPUT_UNPARSED',
        `${what}: the answer is not as RFC 3416 says (${ResponseInvalidCode[error.code] ?? error.code}).`,
      );
  }
}

/** usmStats of RFC 3414, section 5, as the package words them, and a digest of the answer that does not fit. */
function authenticationWords(message: string, security: SnmpSecurity): string {
  const user = security.version === 3 ? `"${security.user}"` : '';
  if (message.startsWith('Unknown User Name')) return `the agent knows no user ${user}.`;
  if (message.startsWith('Unsupported Security Level')) {
    return `the agent does not let the user ${user} in at this level: give (or leave out) authentication and privacy as on the device.`;
  }
  if (message.startsWith('Wrong Digest') || message.startsWith('Authentication digest')) {
    return `the authentication password or protocol of the user ${user} is another one on the device.`;
  }
  if (message.startsWith('Decryption Error')) {
    return `the agent could not decrypt the question: the privacy password or protocol of the user ${user} is another one on the device.`;
  }
  return `the agent did not take the question of the user ${user} (${message.split(/[^A-Za-z ]/, 1)[0] ?? ''}).`;
}
