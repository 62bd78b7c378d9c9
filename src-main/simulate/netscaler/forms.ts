import { lbRows } from './forms-lb.ts';
import { fileRows } from './forms-files.ts';
import { sslRows, type FormRow } from './forms-ssl.ts';

/** One form of a command: how it is written and where that is known from. A command without a form is no command. */
export interface Form {
  readonly verb: string;
  /** Words after the verb; others name the same object. */
  readonly object: string;
  readonly aliases: readonly string[];
  /** `<name>` is needed, `[<name>]` is not. */
  readonly positionals: readonly string[];
  /** In the order in which the appliance writes them. */
  readonly args: readonly ArgumentForm[];
  readonly example: string;
  readonly source: string;
  /** Releases that the source is about. */
  readonly versions: string;
}
export interface ArgumentForm {
  readonly name: string;
  /**
   * `A|B` one of these words, `1..100` a whole number, `TEXT` anything, `[TEXT]` anything or nothing, `CODES` status codes, `PATHS` of files, '' no value;
   * behind a `/` the units that may follow a number. */
  readonly takes: string;
}

const manual = 'NetScaler 12.0 Command Reference';
/** Limits, service types and defaults are those of the manual's "Arguments" of the same page. */
const common =
  '-maxClient 0..4294967294 -maxReq 0..65535 -cacheable YES|NO -cip ENABLED|DISABLED -usip YES|NO -pathMonitor YES|NO -useproxyport YES|NO -healthMonitor YES|NO -sp ON|OFF -cltTimeout 0..31536000 -svrTimeout 0..31536000';
const tail =
  '-CKA YES|NO -TCPB YES|NO -CMP YES|NO -maxBandwidth 0..4294967287 -monThreshold 0..65535 -state ENABLED|DISABLED -downStateFlush ENABLED|DISABLED -tcpProfileName TEXT -httpProfileName TEXT -hashId 1..4294967295 -comment TEXT -appflowLog ENABLED|DISABLED -netProfile TEXT';
const methods =
  'ROUNDROBIN|LEASTCONNECTION|LEASTRESPONSETIME|URLHASH|DOMAINHASH|DESTINATIONIPHASH|SOURCEIPHASH|SRCIPDESTIPHASH|LEASTBANDWIDTH|LEASTPACKETS|TOKEN|SRCIPSRCPORTHASH|LRTM|CALLIDHASH|CUSTOMLOAD|LEASTREQUEST|AUDITLOGHASH|STATICPROXIMITY';
const persistence =
  'SOURCEIP|COOKIEINSERT|SSLSESSION|RULE|URLPASSIVE|CUSTOMSERVERID|DESTIP|SRCIPDESTIP|CALLID|RTSPSID|DIAMETER|FIXSESSION|NONE';
const vserver = `-persistenceType ${persistence} -timeout 0..1440 -persistenceBackup SOURCEIP|NONE -backupPersistenceTimeout 2..1440 -lbMethod ${methods} -hashLength 1..4096 -netmask TEXT -backupLBMethod ${methods} -cookieName TEXT -rule TEXT -Listenpolicy TEXT -persistMask TEXT -state ENABLED|DISABLED -redirectURL TEXT -cltTimeout 0..31536000 -backupVServer TEXT -comment TEXT`;

const rows: readonly FormRow[] = [
  ['add', 'server <name> <IPAddress>', '-state ENABLED|DISABLED -comment TEXT -td 0..4094', 'add server n1 192.0.2.9'],
  ['set', 'server <name>', '-IPAddress TEXT -comment TEXT', 'set server w1 -IPAddress 192.0.2.8'],
  ['unset', 'server <name>', '-comment', 'unset server w1 -comment'],
  ['rm', 'server <name>', '', 'rm server spare'],
  ['enable', 'server <name>', '', 'enable server w1'],
  ['disable', 'server <name> [<delay>]', '-graceFul YES|NO', 'disable server w1 -graceFul YES'],
  ['show', 'server [<name>]', '', 'show server'],
  [
    'add',
    'service <name> <serverName> <serviceType> <port>',
    `${common} -CustomServerID TEXT ${tail}`,
    'add service n2 192.0.2.9 HTTP 80',
  ],
  ['set', 'service <name>', `${common} -CustomServerID TEXT ${tail}`, 'set service old -maxClient 5'],
  ['unset', 'service <name>', `${common} -CustomServerID TEXT ${tail}`, 'unset service old -maxClient'],
  ['rm', 'service <name>', '', 'rm service old'],
  [
    'bind',
    'service <name>',
    '-monitorName TEXT -monState ENABLED|DISABLED -weight 1..100 -passive',
    'bind service old -monitorName ping',
  ],
  ['unbind', 'service <name>', '-monitorName TEXT', 'unbind service old -monitorName tcp'],
  ['enable', 'service <name>', '', 'enable service old'],
  ['disable', 'service <name> [<delay>]', '-graceFul YES|NO', 'disable service old 30 -graceFul YES'],
  ['show', 'service [<name>]', '-all', 'show service old'],
  ['add', 'serviceGroup <serviceGroupName> <serviceType>', `${common} ${tail}`, 'add serviceGroup g2 HTTP'],
  [
    'set',
    'serviceGroup <serviceGroupName> [<serverName> <port>]',
    `-weight 1..100 -CustomServerID TEXT -hashId 1..4294967295 -monitorName TEXT ${common} ${tail}`,
    'set serviceGroup app w1 80 -weight 3',
  ],
  [
    'unset',
    'serviceGroup <serviceGroupName> [<serverName> <port>]',
    `-weight 1..100 -CustomServerID TEXT ${common} ${tail}`,
    'unset serviceGroup app w1 80 -weight',
  ],
  ['rm', 'serviceGroup <serviceGroupName>', '', 'rm serviceGroup app'],
  [
    'bind',
    'serviceGroup <serviceGroupName> [<serverName> <port>]',
    '-monitorName TEXT -monState ENABLED|DISABLED -passive -weight 1..100 -CustomServerID TEXT -state ENABLED|DISABLED -hashId 1..4294967295',
    'bind serviceGroup app spare 80 -weight 2',
  ],
  [
    'unbind',
    'serviceGroup <serviceGroupName> [<serverName> <port>]',
    '-monitorName TEXT',
    'unbind serviceGroup app w1 80',
  ],
  ['enable', 'serviceGroup <serviceGroupName> [<serverName> <port>]', '', 'enable serviceGroup app w1 80'],
  [
    'disable',
    'serviceGroup <serviceGroupName> [<serverName> <port>]',
    '-delay 0..31536000 -graceFul YES|NO',
    'disable serviceGroup app w1 80 -graceFul YES',
  ],
  ['show', 'serviceGroup [<serviceGroupName>]', '-includeMembers', 'show serviceGroup app'],
  [
    'add',
    'lb vserver <name> <serviceType> [<IPAddress> <port>]',
    vserver,
    'add lb vserver v2 HTTP 192.0.2.200 80 -lbMethod ROUNDROBIN',
  ],
  ['set', 'lb vserver <name>', `-IPAddress TEXT ${vserver}`, 'set lb vserver shop -lbMethod LEASTCONNECTION'],
  ['unset', 'lb vserver <name>', vserver, 'unset lb vserver shop -lbMethod'],
  ['rm', 'lb vserver <name>', '', 'rm lb vserver shop'],
  [
    'bind',
    'lb vserver <name> [<serviceName>]',
    '-weight 1..100 -policyName TEXT -priority 1..2147483647 -gotoPriorityExpression TEXT -type REQUEST|RESPONSE',
    'bind lb vserver shop old',
  ],
  ['unbind', 'lb vserver <name> <serviceName>', '', 'unbind lb vserver shop app'],
  ['enable', 'lb vserver <name>', '', 'enable lb vserver shop'],
  ['disable', 'lb vserver <name>', '', 'disable lb vserver shop'],
  ['show', 'lb vserver [<name>]', '', 'show lb vserver shop'],
  ['show', 'ns runningConfig', '', 'show ns runningConfig'],
  ['show', 'ns ns.conf', '', 'show ns ns.conf'],
  ['show', 'ns version', '', 'show ns version'],
  ['show', 'ha node', '', 'sh ha node'],
  ['save', 'ns config', '', 'save ns config'],
  ...lbRows,
  ...sslRows,
  ...fileRows,
];

/** Shorter names that playbooks use: `show node`, `save config`, `show run`. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  'lb vserver': ['vserver'],
  'ns runningConfig': ['runningConfig'],
  'ns ns.conf': ['ns.conf'],
  'ns version': ['version'],
  'ns config': ['config'],
  'ns savedConfig': ['savedConfig'],
  'ha node': ['node'],
  'lb monitor': ['monitor'],
  'ssl certKey': ['certKey'],
  'ssl certLink': ['certLink'],
  'HA files': ['files'],
};

/** Every command that the simulated appliance takes. */
export const forms: readonly Form[] = rows.map(([verb, words, args, example, source]) => {
  const [object = '', ...positionals] = words.split(/ (?=<|\[)/);
  return {
    verb,
    object,
    aliases: aliases[object] ?? [],
    positionals: positionals.flatMap(readPositionals),
    args: readArgumentForms(args),
    example,
    source: source ?? `${manual}, "${object}", ${verb}`,
    versions: '12.0 and later',
  };
});

/** `[<a> <b>]` was parted at the blank: both are optional. */
function readPositionals(text: string): readonly string[] {
  return [text.includes('[') || text.includes(']') ? `[${text.replaceAll(/[[\]]/g, '')}]` : text];
}

function readArgumentForms(text: string): readonly ArgumentForm[] {
  return text
    .split(/(?:^|\s)-/)
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', takes = ''] = part.split(' ');
      return { name, takes };
    });
}
