/** One form of a command: how it is written and where that is known from. A command without a form is no command. */
export interface Form {
  readonly verb: string;
  /** Words behind the verb; a kind of objects or a subject of its own. Empty where the verb stands alone. */
  readonly object: string;
  readonly syntax: string;
  readonly example: string;
  readonly source: string;
  /** Releases that the source is about. */
  readonly versions: string;
}

const manual = 'tmsh Reference 15.1 (clouddocs.f5.com/cli/tmsh-reference)';
const addresses =
  'transcript of create and list in F5Networks/f5-ansible, issue 751; properties and words: bigip_virtual_address of F5Networks/f5-ansible and recordings of iControl REST 14.1';
const playbooks = 'public shell scripts on GitHub that pipe transactions into `tmsh -q`';

/** Verb, object, syntax behind it, an example that the configuration of the tests takes, and where it is known from if not the manual. */
type Row = readonly [verb: string, object: string, syntax: string, example: string, source?: string];

const changes: readonly Row[] = [
  [
    'create',
    'ltm pool',
    '<name> [{] <properties> [}]',
    'create ltm pool p2 members add { 192.0.2.7:80 } monitor http and tcp',
  ],
  [
    'modify',
    'ltm pool',
    '<name> | all <properties>',
    'modify ltm pool web members modify { w1:80 { session user-disabled } }',
  ],
  ['delete', 'ltm pool', '<name> | all', 'delete ltm pool idle'],
  ['create', 'ltm node', '<name> <properties>', 'create ltm node w9 address 192.0.2.9'],
  ['modify', 'ltm node', '<name> | all <properties>', 'modify ltm node w1 session user-disabled'],
  ['delete', 'ltm node', '<name> | all', 'delete ltm node spare'],
  [
    'create',
    'ltm virtual',
    '<name> destination <address>:<port> <properties>',
    'create ltm virtual v2 destination 192.0.2.101:80 ip-protocol tcp pool web profiles add { tcp }',
  ],
  ['modify', 'ltm virtual', '<name> | all <properties>', 'modify ltm virtual shop disabled'],
  ['delete', 'ltm virtual', '<name> | all', 'delete ltm virtual shop'],
  [
    'create',
    'ltm virtual-address',
    '<name> [address <address>] [mask <mask>] <properties>',
    'create ltm virtual-address va1 address 192.0.2.101 mask 255.255.255.255',
    addresses,
  ],
  [
    'modify',
    'ltm virtual-address',
    '<name> | all <properties>',
    'modify ltm virtual-address 192.0.2.100 arp disabled icmp-echo disabled auto-delete false enabled no traffic-group traffic-group-local-only',
    addresses,
  ],
  ['delete', 'ltm virtual-address', '<name> | all', '', addresses],
  ['create', 'ltm snatpool', '<name> members add { <address> }', 'create ltm snatpool s1 members add { 192.0.2.50 }'],
  ['delete', 'ltm snatpool', '<name>', ''],
  ['create', 'ltm monitor', '<type> <name> <properties>', 'create ltm monitor http m1 interval 10 timeout 31'],
  ['modify', 'ltm monitor', '<type> <name> <properties>', 'modify ltm monitor http probe interval 10 timeout 31'],
  ['delete', 'ltm monitor', '<type> <name>', 'delete ltm monitor tcp unused'],
  ['create', 'ltm persistence', '<type> <name> <properties>', 'create ltm persistence source-addr sa timeout 600'],
  [
    'modify',
    'ltm persistence',
    '<type> <name> <properties>',
    'modify ltm persistence source-addr source_addr timeout 600',
  ],
  ['delete', 'ltm persistence', '<type> <name>', ''],
  [
    'create',
    'ltm profile',
    '<type> <name> <properties>',
    'create ltm profile client-ssl c1 defaults-from clientssl ciphers ECDHE',
  ],
  [
    'modify',
    'ltm profile',
    '<type> <name> <properties>',
    'modify ltm profile client-ssl clientssl options { no-tlsv1 no-tlsv1.1 }',
  ],
  ['delete', 'ltm profile', '<type> <name>', ''],
  ['create', 'sys file ssl-cert', '<name> source-path file:<path>', ''],
  ['modify', 'sys file ssl-cert', '<name> source-path file:<path>', ''],
  ['delete', 'sys file ssl-cert', '<name>', ''],
  ['create', 'sys file ssl-key', '<name> source-path file:<path> [passphrase <text>]', ''],
  ['modify', 'sys file ssl-key', '<name> source-path file:<path>', ''],
  ['delete', 'sys file ssl-key', '<name>', ''],
  ['delete', 'sys crypto cert', '<name>', ''],
  ['delete', 'sys crypto key', '<name>', ''],
  ['install', 'sys crypto cert', '<name> from-local-file <path>', ''],
  ['install', 'sys crypto key', '<name> from-local-file <path> [passphrase <text>]', ''],
  [
    'create',
    'ltm rule',
    '<name> { <script> }',
    'create ltm rule r1 { when HTTP_REQUEST { pool web } }',
    `${manual}, "ltm rule"; a script behind the name: public shell scripts`,
  ],
  [
    'modify',
    'ltm rule',
    '<name> { <script> }',
    '',
    `${manual}, "ltm rule"; a script behind the name: public shell scripts`,
  ],
  ['delete', 'ltm rule', '<name>', ''],
  [
    'create',
    'ltm policy',
    '<name> <properties>',
    'create ltm policy p1 strategy first-match requires add { http } controls add { forwarding } rules add { r { ordinal 1 conditions add { 0 { http-uri path starts-with values { /a } } } actions add { 0 { forward select pool web } } } }',
  ],
  ['modify', 'ltm policy', '<name> <properties>', ''],
  ['delete', 'ltm policy', '<name>', ''],
  ['create', 'auth partition', '<name> { }', 'create auth partition p1 { }', playbooks],
  ['delete', 'auth partition', '<name>', '', playbooks],
  ['create', 'sys folder', '<path>', 'create sys folder /Common/app'],
  ['delete', 'sys folder', '<path>', ''],
  ['modify', 'sys global-settings', '<properties>', 'modify sys global-settings gui-setup disabled'],
  ['modify', 'sys db', '<name> value <value>', ''],
  ['modify', 'cm device-group', '<name> <properties>', ''],
  [
    'modify',
    'cli preference',
    'pager enabled | disabled | display-threshold <number>',
    'modify cli preference pager disabled display-threshold 0',
  ],
  ['create', 'cli transaction', '', 'create cli transaction', playbooks],
  ['submit', 'cli transaction', '', 'submit cli transaction', playbooks],
  ['delete', 'cli transaction', '', 'delete cli transaction'],
  ['list', 'cli transaction', '', 'list cli transaction'],
];

const listed = '[<name> ... | all] [<property> ...] [all-properties] [one-line] [recursive]';
const counted = '[<name> ...] [field-fmt] [raw]';
const readings: readonly Row[] = [
  [
    'list',
    '',
    `[<module>] ${listed}`,
    'list recursive',
    'oxidized (github.com/ytti/oxidized), model tmos: cd /;list recursive',
  ],
  ['list', 'ltm', listed, 'list ltm pool web one-line'],
  ['list', 'cm', listed, 'list cm device'],
  ['list', 'sys', listed, 'list sys file ssl-cert'],
  ['list', 'net', listed, 'list net route-domain'],
  ['list', 'auth', listed, 'list auth partition'],
  [
    'show',
    'running-config',
    `[<module> <component>] ${listed}`,
    'show running-config recursive',
    'a public script of backups: cd /;show running-config recursive',
  ],
  [
    'show',
    'ltm pool',
    `${counted} [members [{ <member> ... }]] [detail]`,
    'show ltm pool web members field-fmt raw',
    'recordings of go-tmsh (field-fmt) and of kylinsoong/f5-tmsh-generator',
  ],
  ['show', 'ltm node', counted, 'show ltm node w1 field-fmt', 'recordings of go-tmsh (field-fmt)'],
  [
    'show',
    'ltm virtual',
    `${counted} [detail]`,
    'show ltm virtual shop',
    'recording of kylinsoong/f5-tmsh-generator; names of field-fmt: iControl REST recordings',
  ],
  ['show', 'ltm persistence persist-records', '[field-fmt] [<filter> ...]', 'show ltm persistence persist-records'],
  ['show', 'sys connection', '[<filter> <value> ...]', 'show sys connection ss-server-addr 192.0.2.1'],
  ['show', 'sys version', '', 'show sys version', 'public transcripts of 13.1 to 17.5'],
  ['show', 'sys clock', '', 'show sys clock', 'recording of kylinsoong/f5-tmsh-generator'],
  ['show', 'sys failover', '', 'show sys failover'],
  [
    'show',
    'sys mcp-state',
    '[field-fmt]',
    'show sys mcp-state field-fmt',
    'public transcript: Running Phase, Last Configuration Load Status',
  ],
  ['show', 'sys software', 'status', 'show sys software status', 'recording of kylinsoong/f5-tmsh-generator'],
  [
    'show',
    'cm sync-status',
    '[field-fmt]',
    'show cm sync-status',
    'recording of kylinsoong/f5-tmsh-generator; field-fmt and pending changes: simonkowallik/tmsh tests',
  ],
  [
    'show',
    'cm failover-status',
    '[field-fmt]',
    'show cm failover-status',
    'public scripts that look for "Status ACTIVE" and "status ACTIVE"',
  ],
  ['show', 'cm traffic-group', '', 'show cm traffic-group'],
  ['show', 'cm device', '', 'show cm device', 'public scripts that read CentMgmt::Device and Device HA State'],
];

const others: readonly Row[] = [
  ['cd', '', '<folder>', 'cd /Common'],
  ['pwd', '', '', 'pwd'],
  ['save', 'sys config', '[partitions all] [file <path>]', 'save sys config', 'public transcripts of 13.1 to 15.1'],
  ['save', 'sys ucs', '<name>', 'save sys ucs before'],
  [
    'load',
    'sys config',
    '[file <path> | from-terminal] [merge] [verify]',
    'load sys config',
    `${manual}, "sys config"; what from-terminal says: public transcripts (Enter configuration. Press CTRL-D ...)`,
  ],
  [
    'run',
    'cm config-sync',
    '[force-full-load-push] to-group <group>',
    '',
    'public playbooks: run cm config-sync to-group G',
  ],
  ['run', 'sys failover', 'standby', ''],
  ['run', 'util bash', '[-c <command>]', 'run util bash -c "echo yes"', 'public scripts: run /util bash -c'],
  ['reset-stats', 'ltm', 'pool | virtual | node', 'reset-stats ltm pool'],
  ['quit', '', '', 'quit'],
  ['exit', '', '', 'exit'],
];

/** Every command that the simulated tmsh takes. */
export const forms: readonly Form[] = [...changes, ...readings, ...others].map(
  ([verb, object, syntax, example, source]) => ({
    verb,
    object,
    syntax,
    example,
    source: source ?? `${manual}, "${object === '' ? verb : object}"`,
    versions: '11.6 to 17.5',
  }),
);

/** The form of the most words that the command begins with. */
export function findForm(verb: string, words: readonly string[]): Form | undefined {
  const fits = forms.filter((form) => {
    const own = form.object === '' ? [] : form.object.split(' ');
    return form.verb === verb && own.every((word, index) => word === words[index]);
  });
  return fits.toSorted((a, b) => b.object.length - a.object.length)[0];
}
