import { maskWith } from '../../mask.ts';

const quotedOrBare = String.raw`(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|(?:\\.|[^\s"'\\])+)+`;

/** Each finds a secret; its first group, where it has one, is what stays before it. */
export const haproxySecrets: readonly RegExp[] = [
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?=-----END|$)/g,
  /(\bstats\s+auth\s+).*/gi,
  new RegExp(String.raw`(\b(?:insecure-)?password\s+)${quotedOrBare}`, 'gi'),
  new RegExp(
    String.raw`(\b(?:dynamic-cookie-key|anonkey|ca-sign-pass|tcp-md5sig|psk)\s+|[._-](?:password|passphrase|secret|token)\s+)${quotedOrBare}`,
    'gi',
  ),
  new RegExp(
    String.raw`(\b(?:setenv|presetenv)\s+\S*(?:pass|secret|token|key|credential|auth)\S*\s+)${quotedOrBare}(?:\s+${quotedOrBare})*`,
    'gi',
  ),
  /(\$\{\w*(?:pass|secret|token|key|credential|auth)\w*-)[^}\s]*/gi,
  /(\b(?:set-header|add-header|replace-header|replace-value|hdr)\s+\S*(?:auth|token|secret|passw|api-?key|cookie)\S*\s+).*/gi,
  /(\b(?:authorization|x-api-key)\b\s*:\s*).*/gi,
  /(\b(?:auth|pass)(?:\\?\s|\\[tx]\w*)+)[^\s\\"']+/gi,
  /(\b(?:hmac|aes_\w+|jwt_\w+|secure_memcmp|http_auth_bearer)\()[^)\s]*/gi,
  /(:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/g,
];

const suspicious = /pass|secret|token|auth|key|cookie|credential|hmac|aes_|jwt_|psk|md5sig|secure_memcmp|:\/\//i;

/** The text with every secret in it replaced by `***`. */
export function maskSecrets(text: string): string {
  return suspicious.test(text) ? maskWith(haproxySecrets, text) : text;
}
