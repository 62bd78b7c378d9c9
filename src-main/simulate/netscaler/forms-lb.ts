import type { FormRow } from './forms-ssl.ts';

const handbook = 'NetScaler 12.0 Command Reference as on github.com/EpsilonSolutions/netscaler-command-reference';
const monitorPage = `${handbook}, "lb monitor"`;

const onOff = 'ENABLED|DISABLED';
const unit = '/SEC|MSEC|MIN';
/** Arguments of the usual types, in the manual's order; those of RADIUS, SIP, Diameter and Citrix's own products are left out. */
const monitor = `-action NONE|LOG|DOWN -respCode CODES -httpRequest TEXT -rtspRequest TEXT -customHeaders TEXT -send TEXT -recv TEXT -query TEXT -queryType Address|Zone|AAAA -scriptName TEXT -scriptArgs TEXT -dispatcherIP TEXT -dispatcherPort 1..65535 -userName TEXT -password TEXT -LRTM ${onOff} -deviation 0..20939${unit} -interval 1..20940${unit} -resptimeout 1..20939${unit} -resptimeoutThresh 0..100 -retries 1..127 -failureRetries 0..32 -alertRetries 0..32 -successRetries 1..32 -downTime 1..20939${unit} -destIP TEXT -destPort 0..65535 -state ${onOff} -reverse YES|NO -transparent YES|NO -ipTunnel YES|NO -tos YES|NO -tosId 1..63 -secure YES|NO -validateCred YES|NO -domain TEXT -group TEXT -fileName TEXT -baseDN TEXT -bindDN TEXT -filter TEXT -attribute TEXT -database TEXT -sqlQuery TEXT -evalRule TEXT -snmpOID TEXT -snmpCommunity TEXT -snmpThreshold TEXT -snmpVersion V1|V2 -netProfile TEXT -trofscode 0..999 -trofsstring TEXT -sslProfile TEXT`;
const stat = '-detail -fullValues -ntimes 0..1000000 -logFile TEXT -clearstats basic|full';

export const lbRows: readonly FormRow[] = [
  [
    'add',
    'lb monitor <monitorName> <type>',
    monitor,
    'add lb monitor m2 HTTP-ECV -send "GET /status" -recv ok',
    monitorPage,
  ],
  ['set', 'lb monitor <monitorName> <type>', monitor, 'set lb monitor probe HTTP -interval 10', monitorPage],
  ['unset', 'lb monitor <monitorName> <type>', monitor, 'unset lb monitor probe HTTP -interval', monitorPage],
  ['rm', 'lb monitor <monitorName> <type>', '-respCode CODES', 'rm lb monitor probe HTTP', monitorPage],
  ['show', 'lb monitor [<monitorName>] [<type>]', '', 'show lb monitor probe', `${monitorPage}; layout from memory`],
  [
    'stat',
    'lb vserver [<name>]',
    stat,
    'stat lb vserver shop',
    `${handbook}, "lb vserver", stat; summary: transcript of a VPX of 2021`,
  ],
  [
    'stat',
    'service [<name>]',
    stat,
    'stat service old -fullValues',
    `${handbook}, "service", stat; layout from memory`,
  ],
  [
    'stat',
    'serviceGroup [<serviceGroupName>]',
    stat,
    'stat serviceGroup app',
    `${handbook}, "serviceGroup", stat; layout from memory`,
  ],
  [
    'stat',
    'serviceGroupMember <serviceGroupName> <serverName> <port>',
    stat,
    'stat serviceGroupMember app w1 80',
    `${handbook}, "serviceGroupMember"; layout from memory`,
  ],
  ['show', 'ns savedConfig', '', 'show savedConfig', `${handbook}, "ns savedConfig"`],
  ['show', 'ns config', '', 'show ns config', `${handbook}, "ns config"; layout from memory`],
];
