import { ciphers } from './ciphers.ts';

/** Rows of `forms.ts`: mode, syntax, words that name it, mode it enters, example, source where it is not the CLI reference. */
export type Row = readonly [
  mode: string,
  syntax: string,
  key: number,
  enters: string,
  example: string,
  source?: string,
];

const axapi = 'attributes of a10networks/a10-acos-axapi';
const importing = `${axapi}, a10_import; "import cert", "import key" and "import cert-key" as a public guide and a10networks' SDK for Go name them; order of words and questions from memory`;
const template = `${axapi}, a10_slb_template_client_ssl and a10_slb_template_server_ssl`;

/** `cipher NAME` and lines of `slb template cipher`. */
const suites = Object.keys(ciphers).join('|');

export const sslRows: readonly Row[] = [
  ['exec', 'import cert|ca-cert|key <name> [...]', 0, '', '', importing],
  [
    'exec',
    'slb ssl-load certificate|private-key <name> [...]',
    0,
    '',
    '',
    'a public script for 2.7: slb ssl-load certificate NAME scp://user@address:path',
  ],
  ['exec', 'pki delete certificate|ca|private-key <name>', 0, '', '', `${axapi}, a10_pki_delete`],
  ['exec', 'show pki cert [<name>]', 0, '', 'show pki cert', `${axapi}, a10_file_ssl_cert (oper); layout from memory`],
  ['exec', 'show slb ssl cert [<name>]', 0, '', 'show slb ssl cert', 'from memory of 2.7'],
  ['config', 'slb template client-ssl <name>', 4, 'client-ssl', 'slb template client-ssl t1', template],
  ['config', 'slb template server-ssl <name>', 4, 'server-ssl', 'slb template server-ssl t9', template],
  ['config', 'slb template cipher <name>', 4, 'cipher', 'slb template cipher c9', `${axapi}, a10_slb_template_cipher`],
  [
    'cipher',
    `${suites} [priority <1-100>]`,
    1,
    '',
    'TLS1_RSA_AES_256_SHA priority 9',
    `${axapi}, a10_slb_template_cipher`,
  ],
  ...['client-ssl', 'server-ssl'].flatMap((mode): readonly Row[] => [
    [mode, 'cert <name>', 1, '', 'cert shop', template],
    [mode, 'key <name>', 1, '', 'key shop', template],
    [mode, `cipher ${suites} [priority <1-100>]`, 2, '', 'cipher TLS1_ECDHE_RSA_AES_128_GCM_SHA256', template],
    [mode, 'template cipher <name>', 2, '', 'template cipher suites', template],
    [mode, 'version <30-34> [<30-34>]', 1, '', 'version 33 31', template],
    [mode, 'close-notify', 1, '', 'close-notify', template],
    [mode, 'session-cache-size <0-8000000>', 1, '', 'session-cache-size 1000', template],
    [mode, 'session-cache-timeout <1-86400>', 1, '', 'session-cache-timeout 600', template],
    [mode, 'ca-cert <name>', 2, '', 'ca-cert root', template],
  ]),
  ['client-ssl', 'chain-cert <name>', 1, '', 'chain-cert root', template],
  [
    'client-ssl',
    'certificate <name> key <name> [chain-cert <name>]',
    2,
    '',
    'certificate shop key shop',
    `${template} (certificate_list, 5.1 and later)`,
  ],
  [
    'client-ssl',
    'server-name <name> cert <name> key <name> [chain-cert <name>]',
    2,
    '',
    'server-name shop.example cert shop key shop',
    template,
  ],
  ['client-ssl', 'disable-sslv3', 1, '', 'disable-sslv3', template],
  ['client-ssl', 'renegotiation-disable', 1, '', 'renegotiation-disable', template],
  ['client-ssl', 'client-certificate Ignore|Request|Require', 1, '', 'client-certificate Require', template],
  [
    'server-ssl',
    'server-certificate-error email|ignore|logging|trap',
    1,
    '',
    'server-certificate-error ignore',
    template,
  ],
];
