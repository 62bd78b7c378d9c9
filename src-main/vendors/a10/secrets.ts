/** Secrets of a running-config; the first group of each is what stays before them. */
export const a10Secrets: readonly RegExp[] = [
  /(\b(?:password|passwd|passphrase|pass-phrase|secret|secret-string|community|auth-key|pre-shared-key|privacy-password)(?:[ \t]+(?:encrypted|hashed|read|write))*[ \t]+)(?!encrypted\b|hashed\b)(?:"[^"\n]*"|\S+)/gi,
  /(\bsnmp-server SNMPv[12][^ ]* u[^ ]* )\S+/gi,
];
