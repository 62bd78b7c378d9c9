/** Service names that TMOS writes for ports (IANA's, with the device's own spelling). */
const services: Readonly<Record<string, number>> = {
  any: 0,
  '*': 0,
  ftp: 21,
  'ftp-data': 20,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  tftp: 69,
  http: 80,
  kerberos: 88,
  pop3: 110,
  sunrpc: 111,
  ntp: 123,
  'netbios-ssn': 139,
  imap: 143,
  snmp: 161,
  snmptrap: 162,
  ldap: 389,
  https: 443,
  'microsoft-ds': 445,
  syslog: 514,
  submission: 587,
  ldaps: 636,
  imaps: 993,
  pop3s: 995,
  'ms-sql-s': 1433,
  'ms-sql-m': 1434,
  'ncube-lm': 1521,
  radius: 1812,
  'radius-acct': 1813,
  nfs: 2049,
  mysql: 3306,
  'ms-wbt-server': 3389,
  postgresql: 5432,
  sip: 5060,
  'sip-tls': 5061,
  amqp: 5672,
  'vcom-tunnel': 8001,
  'http-alt': 8008,
  webcache: 8080,
  'pcsync-https': 8443,
  cslistener: 9000,
};

export function portOf(word: string): number | undefined {
  const port = /^\d+$/.test(word) ? Number(word) : services[word];
  return port !== undefined && port <= 65_535 ? port : undefined;
}

/** `/Common/10.0.0.1%3:http`, `/Common/2001:db8::1.80`, `10.0.0.1:0`, and member names as `/Common/web1:80`. */
export function splitEndpoint(text: string): {
  readonly host: string;
  readonly port: number | undefined;
  readonly word: string;
} {
  const bare = text.replace(/^\/(?:[^/]+\/)+/, '');
  const isV6 = (bare.match(/:/g) ?? []).length > 1;
  const cut = isV6 ? bare.lastIndexOf('.') : bare.lastIndexOf(':');
  if (cut < 0) return { host: bare, port: undefined, word: '' };
  const word = bare.slice(cut + 1);
  return { host: bare.slice(0, cut), port: portOf(word), word };
}
