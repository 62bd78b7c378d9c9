import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface IssuedCertificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Issue {
  /** First of the alternative names; the subject's name too. */
  readonly names: readonly string[];
  readonly key?: 'ec' | 'rsa';
  /** Negative = expired since yesterday. */
  readonly days?: number;
  readonly file?: string;
  /** Where its state can be asked for. */
  readonly ocsp?: string;
  /** Its extended key usage. */
  readonly purpose?: string;
}

/** A certification authority of our own in a fresh directory, kept by the real openssl. */
export interface Authority {
  readonly directory: string;
  readonly caFile: string;
  readonly caKey: string;
  readonly ca: string;
  readonly issue: (wanted: Issue) => IssuedCertificate;
  /** The file that `openssl ocsp` answers from. */
  readonly index: (valid: readonly IssuedCertificate[], revoked: readonly IssuedCertificate[]) => string;
  /** An OCSP answer about the certificate, signed by the authority itself or by another: its file. */
  readonly answer: (
    certificate: IssuedCertificate,
    wanted: { readonly days: number; readonly isRevoked?: boolean; readonly signer?: IssuedCertificate },
  ) => string;
  /** A list that revokes this certificate. */
  readonly revoke: (certificate: IssuedCertificate) => string;
  readonly close: () => void;
}

const keyArguments = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-newkey', 'rsa:2048'],
} as const;

export function openAuthority(): Authority {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-certificates-'));
  const caFile = join(directory, 'ca.pem');
  const caKey = join(directory, 'ca.key');
  let count = 0;
  openssl([
    'req',
    '-x509',
    ...keyArguments.ec,
    '-nodes',
    '-days',
    '30',
    '-subj',
    '/CN=Test authority',
    '-keyout',
    caKey,
    '-out',
    caFile,
  ]);
  return {
    directory,
    caFile,
    caKey,
    ca: readFileSync(caFile, 'utf8'),
    issue: ({ names, key = 'ec', days = 30, file = `leaf${++count}`, ocsp, purpose }) => {
      const [certFile, keyFile] = [join(directory, `${file}.pem`), join(directory, `${file}.key`)];
      const alternatives = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',');
      const subject = ['-subj', `/CN=${names[0] ?? ''}`, '-addext', `subjectAltName=${alternatives}`];
      if (ocsp !== undefined) subject.push('-addext', `authorityInfoAccess=OCSP;URI:${ocsp}`);
      if (purpose !== undefined) subject.push('-addext', `extendedKeyUsage=${purpose}`);
      const request = join(directory, 'request.pem');
      openssl(['req', '-new', ...keyArguments[key], '-nodes', ...subject, '-keyout', keyFile, '-out', request]);
      const signing = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-copy_extensions', 'copyall'];
      openssl(['x509', '-req', '-in', request, ...signing, '-days', String(days), '-out', certFile]);
      return { certFile, keyFile };
    },
    index: indexOf,
    answer: (certificate, { days, isRevoked, signer = { certFile: caFile, keyFile: caKey } }) => {
      const file = join(directory, `answer${++count}.der`);
      const index = isRevoked === true ? indexOf([], [certificate]) : indexOf([certificate], []);
      const signed = `-CA ${caFile} -issuer ${caFile} -rsigner ${signer.certFile} -rkey ${signer.keyFile} -noverify`;
      const asked = `-index ${index} -cert ${certificate.certFile} -ndays ${days} -respout ${file}`;
      openssl(['ocsp', ...`${signed} ${asked}`.split(' ')]);
      return file;
    },
    revoke: (certificate) => {
      const { common } = openDatabase();
      const crlFile = join(directory, 'crl.pem');
      openssl([...common, '-revoke', certificate.certFile]);
      openssl([...common, '-gencrl', '-out', crlFile]);
      return crlFile;
    },
    close: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };

  function indexOf(valid: readonly IssuedCertificate[], revoked: readonly IssuedCertificate[]): string {
    const { common, index } = openDatabase();
    for (const { certFile } of valid) openssl([...common, '-valid', certFile]);
    for (const { certFile } of revoked) openssl([...common, '-revoke', certFile]);
    return index;
  }

  /** What `openssl ca` needs, empty. */
  function openDatabase() {
    const config = join(directory, 'ca.cnf');
    const index = join(directory, 'index.txt');
    writeFileSync(index, '');
    writeFileSync(config, `[ca]\ndefault_ca=it\n[it]\ndatabase=${index}\ndefault_md=sha256\ndefault_crl_days=30\n`);
    return { index, common: ['ca', '-config', config, '-keyfile', caKey, '-cert', caFile] };
  }
}

function openssl(parameters: readonly string[]): void {
  execFileSync('openssl', parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
}
