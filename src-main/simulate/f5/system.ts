import type { Appliance } from './appliance.ts';
import { objectsOf, valueOf } from './configuration.ts';
import { membersOf } from './health.ts';
import { rule } from './show.ts';

/** What `show cm ...` and `show sys ...` answer. Undefined for what is not known. */
export function showSystem(appliance: Appliance, subject: string, words: readonly string[]): string | undefined {
  const isFieldFormat = words.includes('field-fmt');
  switch (subject) {
    case 'sys version':
      return showVersion(appliance);
    case 'sys clock':
      return `----------------------------\nSys::Clock\n----------------------------\n${clockOf(appliance.now())}\n`;
    case 'sys failover':
      return `Failover ${appliance.isActive() ? 'active' : 'standby'} for ${ageOf(appliance)}\n`;
    case 'sys mcp-state':
      return showMcpState(isFieldFormat);
    case 'sys software':
      return showSoftware(appliance);
    case 'sys connection':
      return showConnections(appliance, words);
    case 'ltm persistence persist-records':
      return 'Sys::Persistent Connections\nTotal records returned: 0\n';
    case 'cm sync-status':
      return showSyncStatus(appliance, isFieldFormat);
    case 'cm failover-status':
      return showFailoverStatus(appliance, isFieldFormat);
    case 'cm traffic-group':
      return showTrafficGroups(appliance);
    case 'cm device':
      return showDevices(appliance);
    default:
      return undefined;
  }
}

function showVersion({ version }: Appliance): string {
  const rows = [
    ['Product', 'BIG-IP'],
    ['Version', version],
    ['Build', '0.0.5'],
    ['Edition', 'Final'],
    ['Date', 'Wed Feb 21 04:00:07 PST 2024'],
  ];
  return `\nSys::Version\nMain Package\n${rows.map(([name = '', value = '']) => `  ${name.padEnd(12)}${value}\n`).join('')}\n`;
}

function showSoftware({ version }: Appliance): string {
  return (
    '\n-------------------------------------------------------------------\nSys::Software Status\n' +
    'Volume  Product   Version  Build  Active    Status  Allowed Version\n' +
    '-------------------------------------------------------------------\n' +
    `HD1.1    BIG-IP  ${version}  0.0.5     yes  complete              yes\n\n`
  );
}

function showMcpState(isFieldFormat: boolean): string {
  const rows = [
    ['running-phase', 'Running Phase', 'running'],
    ['last-load', 'Last Configuration Load Status', 'full-config-load-succeed'],
    ['end-platform-id-received', 'End Platform ID Received', 'true'],
  ];
  if (isFieldFormat)
    return `sys mcp-state {\n${rows.map(([field = '', , value = '']) => `    ${field} ${value}\n`).join('')}}\n`;
  return `${rule('Sys::mcpd State:')}${rows.map(([, name = '', value = '']) => `${name.padEnd(32)}${value}\n`).join('')}\n`;
}

function clockOf(time: Date): string {
  const [day = '', date = '', month = '', year = '', clock = ''] = time.toUTCString().split(/,? /);
  return `${day} ${month} ${date} ${clock} UTC ${year}`;
}

function ageOf({ now, startedAt }: Appliance): string {
  const seconds = Math.max(0, Math.floor((now().getTime() - startedAt().getTime()) / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}:${two(minutes)}:${two(seconds % 60)}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function showSyncStatus({ group, hostname }: Appliance, isFieldFormat: boolean): string {
  const { color, status, mode, summary, details } = group.status(hostname);
  if (isFieldFormat) {
    const rows = [
      `color ${color}`,
      ...details.map((one, at) => `details.${at}.details ${one}`),
      `mode ${mode}`,
      `status ${status}`,
      `summary ${summary}`,
    ];
    return `cm cmi-sync-status {\n${rows.map((row) => `    ${row.trimEnd()}\n`).join('')}}\n`;
  }
  const bar = '-'.repeat(82);
  const head = [
    ['Color', color],
    ['Status', status],
    ['Mode', mode],
    ['Summary', summary],
  ];
  return (
    `\n${bar}\nCM::Sync Status\n${bar}\n${head.map(([name = '', value = '']) => `${name.padEnd(9)}${value}\n`).join('')}Details\n` +
    `${details.map((one) => `         ${one}\n`).join('')}\n`
  );
}

function showFailoverStatus({ group, hostname, isActive }: Appliance, isFieldFormat: boolean): string {
  const units = group.units();
  const active = units.filter((unit) => unit.isActive()).length;
  const [color, status] = isActive() ? ['green', 'ACTIVE'] : ['gray', 'STANDBY'];
  const summary = isActive() ? `${Math.min(active, 1)}/1 active` : '1/1 standby';
  const peers = units
    .filter(({ name }) => name !== hostname)
    .map((unit) => `${unit.name}: ${unit.isActive() ? 'active' : 'standby'} for traffic-group-1`);
  const details = [isActive() ? 'active for /Common/traffic-group-1' : 'standby for /Common/traffic-group-1', ...peers];
  if (isFieldFormat) {
    const rows = [
      `color ${color}`,
      ...details.map((one, at) => `details.${at}.details ${one}`),
      `status ${status}`,
      `summary ${summary}`,
    ];
    return `cm cmi-failover-status {\n${rows.map((row) => `    ${row}\n`).join('')}}\n`;
  }
  const bar = '-'.repeat(42);
  return (
    `\n${bar}\nCM::Failover Status\n${bar}\nColor    ${color}\nStatus   ${status}\nSummary  ${summary}\nDetails\n` +
    `${details.map((one) => `         ${one}\n`).join('')}\n`
  );
}

/** Columns as in public transcripts of 11.4 and later. */
function showTrafficGroups({ group }: Appliance): string {
  const units = group.units();
  const rows = units.map((unit) => {
    const isNext = !unit.isActive() && units.length > 1;
    return ['traffic-group-1', unit.name, unit.isActive() ? 'active' : 'standby', String(isNext), 'false', '-'];
  });
  const table = [...rows, ['traffic-group-local-only', '-', '-', '-', '-', '-']];
  const bar = '-'.repeat(92);
  const head =
    trafficGroupLine(['Name', 'Device', 'Status', 'Next', 'Previous', 'Active']) +
    trafficGroupLine(['', '', '', 'Active', 'Active', 'Reason']);
  return `\n${bar}\nCM::Traffic-Group\n${head}${bar}\n${table.map(trafficGroupLine).join('')}\n`;
}

function trafficGroupLine(cells: readonly string[]): string {
  const widths = [26, 30, 9, 8, 10, 8];
  const text = cells.map((cell, at) => cell.padEnd(widths[at] ?? 8)).join('');
  return `${text.trimEnd()}\n`;
}

function showDevices(appliance: Appliance): string {
  const known = objectsOf(appliance.config(), 'cm device');
  return known
    .map(({ name, items }) => {
      const hostname = valueOf(items, 'hostname') ?? '';
      const unit = appliance.group.units().find((one) => one.name === hostname);
      const state = unit === undefined ? 'unknown' : unit.isActive() ? 'active' : 'standby';
      const rows = [
        ['Hostname', hostname],
        ['Mgmt Ip', valueOf(items, 'management-ip') ?? 'any6'],
        ['Configsync Ip', valueOf(items, 'configsync-ip') ?? 'none'],
        ['Mirroring IP', valueOf(items, 'mirror-ip') ?? 'any6'],
        ['Mirroring Secondary IP', 'any6'],
        ['Failover Unicast IP(s)', ''],
        ['Device HA State', state],
        ['Time Delta to Local System (sec)', '0'],
      ];
      return `${rule(`CentMgmt::Device: ${name.replace(/^.*\//, '')}`)}${rows.map(([label = '', value = '']) => `${label.padEnd(34)}${value}\n`).join('')}\n`;
    })
    .join('');
}

/** Pretended connections, one a line, filtered as the words ask. */
function showConnections(appliance: Appliance, words: readonly string[]): string {
  const wanted = new Map(
    words.flatMap((word, at) =>
      word.startsWith('ss-') || word.startsWith('cs-') ? [[word, words[at + 1] ?? '']] : [],
    ),
  );
  const config = appliance.config();
  const rows = objectsOf(config, 'ltm virtual').flatMap((virtual) => {
    const destination = (valueOf(virtual.items, 'destination') ?? '').replace(/^.*\//, '');
    const pool = objectsOf(config, 'ltm pool').find(({ name }) => name === valueOf(virtual.items, 'pool'));
    if (pool === undefined) return [];
    return membersOf(config, pool, appliance.probe)
      .filter(
        ({ address, port }) =>
          (wanted.get('ss-server-addr') ?? address) === address && (wanted.get('ss-server-port') ?? port) === port,
      )
      .flatMap(({ name, address, port }) =>
        Array.from({ length: appliance.traffic.of(`${pool.name} ${name}`).current }, (_, at) => {
          const client = `198.51.100.7:${40_000 + at}`;
          return `${client}  ${destination}  ${client}  ${address}:${port}  tcp  ${at + 1}  (tmm: 0)  none  none\n`;
        }),
      );
  });
  return `Sys::Connections\n${rows.join('')}Total records returned: ${rows.length}\n`;
}
