/** Ports as the device spells them in `list` and `show`: names of IANA's register as /etc/services has them; files hold numbers. */
const services: Readonly<Record<number, string>> = {
  0: 'any',
  20: 'ftp-data',
  21: 'ftp',
  22: 'ssh',
  23: 'telnet',
  25: 'smtp',
  49: 'tacacs',
  53: 'domain',
  69: 'tftp',
  80: 'http',
  88: 'kerberos',
  110: 'pop3',
  111: 'sunrpc',
  123: 'ntp',
  135: 'epmap',
  143: 'imap',
  161: 'snmp',
  162: 'snmptrap',
  179: 'bgp',
  389: 'ldap',
  443: 'https',
  445: 'microsoft-ds',
  465: 'urd',
  514: 'shell',
  587: 'submission',
  636: 'ldaps',
  990: 'ftps',
  993: 'imaps',
  995: 'pop3s',
  1433: 'ms-sql-s',
  1521: 'ncube-lm',
  1812: 'radius',
  1813: 'radius-acct',
  2049: 'nfs',
  3000: 'hbci',
  3306: 'mysql',
  3389: 'ms-wbt-server',
  5060: 'sip',
  5061: 'sips',
  5432: 'postgresql',
  5555: 'personal-agent',
  8000: 'irdmi',
  8008: 'http-alt',
  8080: 'webcache',
  8081: 'tproxy',
  8443: 'pcsync-https',
  8888: 'ddi-tcp-1',
  9000: 'cslistener',
  9090: 'websm',
  9443: 'tungsten-https',
};
const numbers: ReadonlyMap<string, number> = new Map(
  Object.entries(services).map(([port, name]) => [name, Number(port)]),
);

export function portName(port: number | string): string {
  return services[Number(port)] ?? String(port);
}

/** A number stays; a name that nobody knows stays as it is. */
export function portNumber(name: string): string {
  if (name === '*') return '0';
  return String(numbers.get(name) ?? (name === 'http-alt' ? 8008 : name));
}
