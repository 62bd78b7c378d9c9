/**
 * A10 calls the suites of TLS 1.2 and before `TLS1_ECDHE_RSA_AES_128_GCM_SHA256` (axAPI 3, slb template cipher); the model has OpenSSL's names
 * (`ECDHE-RSA-AES128-GCM-SHA256`), in which RSA alone for key exchange is not said.
 */
export function suiteOf(word: string): string {
  const [, rest] = /^TLS1_(\w+)$/.exec(word) ?? [];
  if (rest === undefined || !/_AES_(?:128|256)_/.test(rest)) return word;
  return rest
    .replace(/^RSA_AES/, 'AES')
    .replace(/AES_(128|256)/, 'AES$1')
    .replaceAll('_', '-');
}

/** The device's word for a suite; one that is none of OpenSSL's names is taken for such a word. */
export function wordOfSuite(suite: string): string {
  if (!/^(?:ECDHE-RSA-|ECDHE-ECDSA-|DHE-RSA-)?AES(?:128|256)-/.test(suite)) return suite;
  const whole = suite.startsWith('AES') ? `RSA-${suite}` : suite;
  return `TLS1_${whole.replace(/AES(128|256)/, 'AES_$1').replaceAll('-', '_')}`;
}
