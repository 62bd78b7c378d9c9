import { moreRows } from './forms-more.ts';
import { type Row, sslRows } from './forms-ssl.ts';

/** One form of a command: where it is taken, how it is written, where that is known from. A command without a form is no command. */
export interface Form {
  /** `exec`, `config` or what `enters` names. */
  readonly mode: string;
  /** Literal words, `<name>`, `<1-16>`, `a|b`, `[...]` for what may be left out, `...` for any more words. */
  readonly syntax: string;
  /** How many words name the statement among its brothers; 0 for a command that is no statement. */
  readonly key: number;
  readonly enters?: string;
  readonly example: string;
  readonly source: string;
  /** Releases that the source is about. */
  readonly versions: string;
}

const manual = 'ACOS 4.1.4 Command Line Interface Reference and Application Delivery and Server Load Balancing Guide';
const ansible = 'a10networks/a10-acos-cli (terminal and cliconf plugins, tests)';
const training = 'public vThunder training transcripts of ACOS 4.1.4-GR1';
const module = 'attributes of a10networks/a10-acos-axapi and of aXAPI v3 models';

const methods =
  'round-robin|round-robin-strict|weighted-rr|service-weighted-rr|least-connection|service-least-connection|' +
  'weighted-least-connection|service-weighted-least-connection|fastest-response|least-request|src-ip-hash|src-ip-only-hash|' +
  'dst-ip-hash|dst-ip-only-hash|odd-even-hash';
const portTypes = 'tcp|udp|http|https|fast-http|tcp-proxy|ssl-proxy|ftp|sip|dns-udp|dns-tcp|smtp|others';

const rows: readonly Row[] = [
  ['exec', 'show version', 0, '', 'show version', ansible],
  [
    'exec',
    'show running-config [...]',
    0,
    '',
    'show running-config partition-config all',
    'oxidized (model acos) and public scripts: all-partitions of 2.7, partition-config all of 4; partition NAME from memory of the CLI reference',
  ],
  [
    'exec',
    'show startup-config [...]',
    0,
    '',
    'show startup-config all-partitions',
    'public scripts that ask for show startup-config all-partitions; partition NAME from memory of the CLI reference',
  ],
  ['exec', 'show slb server [<name>]', 0, '', 'show slb server', training],
  ['exec', 'show slb service-group [<name>]', 0, '', 'show slb service-group', training],
  ['exec', 'show slb virtual-server [<name>]', 0, '', 'show slb virtual-server', training],
  ['exec', 'show partition', 0, '', 'show partition', 'public transcript of show partition'],
  ['exec', 'show vrrp-a', 0, '', 'show vrrp-a', manual],
  ['exec', 'show vcs summary', 0, '', 'show vcs summary', 'public transcript of show vcs summary'],
  ['exec', 'terminal length <0-512>', 0, '', 'terminal length 0', ansible],
  ['exec', 'terminal width <0-512>', 0, '', 'terminal width 80'],
  ['exec', 'active-partition <name>', 0, '', 'active-partition shared', ansible],
  [
    'exec',
    'write memory [all-partitions|partition|primary|secondary] [...]',
    0,
    '',
    'write memory all-partitions',
    'A10 upgrade guide (a10networks/tps docs); partition, primary and secondary: attributes of a10networks/a10-acos-axapi, a10_write_memory',
  ],
  [
    'exec',
    'configure sync running|all all-partitions|partition|shared ...',
    0,
    '',
    '',
    'attributes of a10networks/a10-acos-axapi, a10_configure_sync; its questions from memory',
  ],
  ['config', 'hostname <name>', 1, '', 'hostname lb1'],
  ['config', 'partition <name> id <1-1023>', 2, '', 'partition blue id 1', ansible],
  ['config', 'slb server <name> [<address>]', 3, 'server', 'slb server s9 192.0.2.9', training],
  ['config', 'slb service-group <name> [tcp|udp]', 3, 'group', 'slb service-group sg9 tcp', training],
  ['config', 'slb virtual-server <name> [<address>]', 3, 'virtual', 'slb virtual-server v9 192.0.2.109', training],
  [
    'config',
    'slb template persist cookie|source-ip|destination-ip|ssl-sid <name>',
    5,
    'template',
    'slb template persist cookie c1',
    module,
  ],
  [
    'config',
    'slb template http|port|server|tcp|tcp-proxy|virtual-port|connection-reuse <name>',
    4,
    'template',
    'slb template port t9',
    module,
  ],
  ['config', 'health monitor <name>', 3, 'monitor', 'health monitor hm9', training],
  ['config', 'vrrp-a force-self-standby', 2, '', 'vrrp-a force-self-standby', 'public transcript of an upgrade'],
  ['server', 'enable', 1, '', 'enable'],
  ['server', 'disable', 1, '', 'disable', training],
  ['server', 'health-check <name>', 1, '', 'health-check hm1', ansible],
  ['server', 'health-check-disable', 1, '', 'health-check-disable', module],
  ['server', 'weight <1-1000>', 1, '', 'weight 10', module],
  ['server', 'conn-limit <1-64000000>', 1, '', 'conn-limit 1000', module],
  ['server', 'template server <name>', 2, '', 'template server default', module],
  ['server', 'port <0-65535> tcp|udp', 3, 'port', 'port 8080 tcp', training],
  ['port', 'enable', 1, '', 'enable'],
  ['port', 'disable', 1, '', 'disable', module],
  ['port', 'weight <1-1000>', 1, '', 'weight 5', module],
  ['port', 'conn-limit <1-64000000>', 1, '', 'conn-limit 1000', module],
  ['port', 'health-check <name>', 1, '', 'health-check hm1', module],
  ['port', 'health-check-disable', 1, '', 'health-check-disable', module],
  ['port', 'template port <name>', 2, '', 'template port default', module],
  ['group', `method ${methods}`, 1, '', 'method least-connection', module],
  ['group', 'health-check <name>', 1, '', 'health-check hm1', ansible],
  ['group', 'health-check-disable', 1, '', 'health-check-disable', module],
  ['group', 'min-active-member <1-1024>', 1, '', 'min-active-member 1', module],
  ['group', 'template port <name>', 2, '', 'template port default', module],
  ['group', 'member <name> <0-65535>', 3, 'member', 'member s1 80', training],
  ['member', 'enable', 1, '', 'enable'],
  ['member', 'disable', 1, '', 'disable', module],
  ['member', 'disable-with-health-check', 1, '', 'disable-with-health-check', module],
  ['member', 'priority <1-16>', 1, '', 'priority 8', module],
  ['member', 'template <name>', 1, '', 'template default', module],
  ['virtual', 'enable', 1, '', 'enable'],
  ['virtual', 'disable', 1, '', 'disable', module],
  ['virtual', 'vrid <1-31>', 1, '', 'vrid 1', module],
  ['virtual', `port <0-65535> ${portTypes}`, 3, 'vport', 'port 8443 https', training],
  ['vport', 'enable', 1, '', 'enable'],
  ['vport', 'disable', 1, '', 'disable', module],
  ['vport', 'name <text>', 1, '', 'name web', ansible],
  ['vport', 'service-group <name>', 1, '', 'service-group sg1', training],
  ['vport', 'source-nat auto', 1, '', 'source-nat auto', module],
  ['vport', 'source-nat pool <name>', 1, '', 'source-nat pool p1', training],
  ['vport', 'conn-limit <1-64000000>', 1, '', 'conn-limit 1000', module],
  [
    'vport',
    'template persist cookie|source-ip|destination-ip|ssl-sid <name>',
    2,
    '',
    'template persist cookie c1',
    module,
  ],
  [
    'vport',
    'template client-ssl|server-ssl|http|tcp|tcp-proxy|virtual-port|connection-reuse <name>',
    2,
    '',
    'template client-ssl t1',
    module,
  ],
  ['monitor', 'method tcp port <1-65535> [...]', 1, '', 'method tcp port 80 halfopen', ansible],
  [
    'monitor',
    'method http|https|icmp|udp|dns|ftp|smtp|pop3|imap|ldap|radius|snmp|ntp|rtsp|sip|external|database|compound [...]',
    1,
    '',
    'method http url GET /health expect response-code 200',
    module,
  ],
  ['monitor', 'interval <1-180> [timeout <1-180>]', 1, '', 'interval 5 timeout 5', module],
  ['monitor', 'retry <1-10>', 1, '', 'retry 3', module],
  ['monitor', 'up-retry <1-10>', 1, '', 'up-retry 1', module],
  ['monitor', 'override-port <1-65535>', 1, '', 'override-port 80', module],
  ['monitor', 'dsr-l2-strict', 1, '', 'dsr-l2-strict', ansible],
  ['template', 'name <text>', 1, '', 'name sid', module],
  ['template', 'expire <0-31536000>', 1, '', 'expire 600', module],
  ['template', 'match-type server|service-group', 1, '', 'match-type server', module],
  ['template', 'timeout <1-2000>', 1, '', 'timeout 5', module],
  ['template', 'insert-always', 1, '', 'insert-always', module],
  ['template', 'weight <1-1000>', 1, '', 'weight 5', module],
  ['template', 'conn-limit <1-64000000>', 1, '', 'conn-limit 1000', module],
  ...sslRows,
  ...moreRows,
];

/** Every command that the simulated device takes, beside those that move between modes (enable, configure, exit, end, no). */
export const forms: readonly Form[] = rows.map(([mode, syntax, key, enters, example, source]) => ({
  mode,
  syntax,
  key,
  ...(enters !== '' && { enters }),
  example,
  source: source ?? manual,
  versions: '4.1.1 to 5.2.1',
}));
