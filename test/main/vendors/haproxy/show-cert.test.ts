import { expect, test } from 'vitest';
import { parseOcsp, parseShown } from '../../../../src-main/vendors/haproxy/certificates/show-cert.ts';

/** As HAProxy 2.6 answered for a certificate with an OCSP answer beside it. */
const shown = `Filename: /etc/ssl/site.pem
Status: Used
Serial: 1234
notBefore: Nov 27 18:43:42 2026 GMT
notAfter: Dec  7 18:43:42 2026 GMT
Subject Alternative Name: 
Algorithm: RSA2048
SHA1 FingerPrint: 50A0E9748ED027CFB0A823352AFE0C105A0E657D
Subject: /CN=s.example
Issuer: /CN=ca
Chain Subject: /CN=ca
Chain Issuer: /CN=ca
OCSP Response Key: 303b300906052b0e03021a0500041411048cd20cb3592307d019fd0889562b62d364920414e42564f9
`;
const answer = `OCSP Response Data:
    OCSP Response Status: successful (0x0)
    Responses:
    Certificate ID:
      Serial Number: 1234
    Cert Status: good
    This Update: Nov 27 18:43:42 2026 GMT
    Next Update: Dec  2 18:43:42 2026 GMT
 
    Response Extensions:
`;

test('a certificate names the OCSP answer that is stapled to it, and the answer says until when', () => {
  expect(parseShown(shown)).toMatchObject({ facts: { serial: '1234' }, ocspKey: /\w+$/.exec(shown.trim())?.[0] });
  expect(parseShown(shown.replace(/OCSP.*/, 'OCSP Response Key: x; show env'))).not.toHaveProperty('ocspKey');
  expect(parseOcsp(answer)).toEqual({
    status: 'good',
    thisUpdate: '2026-11-27T18:43:42.000Z',
    nextUpdate: '2026-12-02T18:43:42.000Z',
  });
  expect(parseOcsp(answer.replace(/ {4}Next.*\n/, '').replace('good', 'revoked'))).toEqual({
    status: 'revoked',
    thisUpdate: '2026-11-27T18:43:42.000Z',
  });
  expect(parseOcsp('No certificate matches\n')).toBeUndefined();
});
