import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, say } from './setup.mjs';

/** The real servers and tools that tests talk to, and the Debian package of each. */
const packages = {
  haproxy: 'haproxy',
  nginx: 'nginx',
  varnishd: 'varnish',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  scp: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  'ssh-agent': 'openssh-client',
  chromium: 'chromium',
  openssl: 'openssl',
  curl: 'curl',
  nghttp: 'nghttp2-client',
  h2load: 'nghttp2-client',
  'redis-server': 'redis-server',
  dnsmasq: 'dnsmasq-base',
  pebble: 'pebble',
  socat: 'socat',
  mariadbd: 'mariadb-server',
  pg_ctlcluster: 'postgresql',
  slapd: 'slapd',
  exim4: 'exim4-daemon-light',
  ping: 'iputils-ping',
  'prometheus-haproxy-exporter': 'prometheus-haproxy-exporter',
  promtool: 'prometheus',
  snmpwalk: 'snmp',
  sudo: 'sudo',
  at: 'at',
  atd: 'at',
  faketime: 'faketime',
  ps: 'procps',
  patchelf: 'patchelf',
  snmpd: 'snmpd',
  snmpset: 'snmp',
  ip: 'iproute2',
  snmpbulkwalk: 'snmp',
  snmptrap: 'snmp',
  snmpinform: 'snmp',
  smilint: 'smitools',
};

/** What only the benchmarks need. */
const benchPackages = { wrk: 'wrk', h2load: 'nghttp2-client', caddy: 'caddy' };

/** Installs what is missing where we may (root on Debian); elsewhere says what its tests will skip. Answers the names still missing. */
export async function installPrograms(wanted = Object.keys(packages)) {
  const missing = wanted.filter((name) => !isThere(name));
  if (missing.length === 0) return [];
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    say(`Not installed, so that tests which talk to them are skipped: ${missing.join(', ')}.`);
    return missing;
  }
  const names = [...new Set(missing.map((name) => packages[name] ?? benchPackages[name]))];
  say(`Installing ${names.join(', ')} ...`);
  // At run level 1 the packages do not start their services: tests start servers of their own.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await run('apt-get', ['update', '-qq'], { isQuiet: true, env });
  const code = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
    isQuiet: true,
    env,
  });
  if (code !== 0) say('apt-get could not install all of them: the lines above say why.');
  return missing.filter((name) => !isThere(name));
}

function isThere(name) {
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  return places.some((place) => {
    try {
      accessSync(join(place, name), constants.X_OK);
      return place !== '';
    } catch {
      return false;
    }
  });
}
