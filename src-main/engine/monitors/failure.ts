/** Why a connection failed, short: the system's code, OpenSSL's reason, or what is wrong with a certificate. */
export function describeFailure(error: NodeJS.ErrnoException): string {
  const { code, message } = error;
  if (code === undefined) return message;
  // Verdicts of OpenSSL on a certificate say more in their message than in their code; those of the system the reverse.
  if (/CERT|SIGNATURE|ISSUER/.test(code)) return `${message} (${code})`;
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1];
  return reason === undefined ? code : `TLS: ${reason}`;
}
