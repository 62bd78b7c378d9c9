import { AppError } from '../../contract/errors.ts';
import { algorithmSettings, type VirtualServer } from '../../contract/model.ts';
import { methodOptions } from './algorithms.ts';
import { type Command, Options, readCommands } from './commands.ts';
import { clientTlsCommands } from './edit-tls.ts';
import { isDisabled, Objects, subjectOf } from './objects.ts';
import { persistenceOptions } from './persistence.ts';
import {
  addText,
  gone,
  lacking,
  optionsText,
  optionText,
  refused,
  refuseTaken,
  type Scene,
  type Sent,
} from './sent.ts';
import { applyCommands, quoteWord } from './write.ts';

const keys = new Set(
  'name listen protocol pool morePools tls http tcp udp persistence backupVirtualServer adminState native'.split(' '),
);

/** `add lb vserver` with its settings, its groups bound, and its TLS. */
export function newVirtual(scene: Scene, wish: VirtualServer): readonly Sent[] {
  const { name, pool, morePools = [] } = wish;
  refuseTaken(scene, 'lb vserver', name, 'a virtual server');
  refuseTaken(scene, 'cs vserver', name, 'a virtual server');
  const other = Object.keys(wish).find((key) => !keys.has(key));
  if (other !== undefined) throw lacking(`${other} of a new virtual server`);
  const { address, port } = placeOf(wish.listen);
  const of = { kind: 'lb vserver', name };
  const said = `lb vserver ${quoteWord(name)}`;
  const words = Object.entries(settingsOf(scene, wish)).map(([option, values]) => optionText(option, values));
  const add = ['add', said, typeOf(wish), address, port, ...words].join(' ');
  const groups = (pool === undefined ? morePools : [pool, ...morePools]).map((one) =>
    groupOf(scene.objects, name, one),
  );
  const bound = groups.map((group): Sent => {
    const both = `${said} ${quoteWord(group)}`;
    return { command: `bind ${both}`, inverse: `unbind ${both}`, of };
  });
  const made: readonly Sent[] = [{ command: add, inverse: `rm ${said}`, of }, ...bound];
  if (wish.tls === undefined) return made;
  return [...made, ...clientTlsCommands(after(scene, add), 'lb vserver', name, undefined, wish.tls)];
}

/** The scene with a virtual server more, which its TLS is made for. */
function after(scene: Scene, add: string): Scene {
  const text = [...scene.objects.commands.map((command) => command.text)].join('\n');
  return { ...scene, objects: new Objects(readCommands(applyCommands(text, [add]))) };
}

function settingsOf({ edit, objects }: Scene, wish: VirtualServer): Readonly<Record<string, readonly string[]>> {
  const { name, pool, morePools = [], persistence, backupVirtualServer: backup, adminState } = wish;
  if (backup !== undefined && !['lb vserver', 'cs vserver'].some((kind) => objects.has(kind, backup))) {
    throw gone(`virtual server "${backup}"`);
  }
  const pools = edit.target.pools.filter((one) => one.name === pool || morePools.includes(one.name));
  const [method, ...others] = [
    ...new Set(
      pools.map(({ algorithm }) => algorithm && JSON.stringify({ ...algorithmSettings(algorithm), native: undefined })),
    ),
  ];
  if (others.length > 0)
    throw refused(`The method stands on the virtual server "${name}": give all its pools the same algorithm.`);
  const idle = wish.http?.clientTimeoutMs ?? wish.tcp?.idleTimeoutMs ?? wish.udp?.idleTimeoutMs;
  if (idle !== undefined && idle % 1000 !== 0) throw lacking('an idle time-out that is no whole second');
  return {
    ...(persistence === undefined ? {} : persistenceOptions(persistence)),
    ...(method === undefined ? {} : methodOptions(JSON.parse(method))),
    ...(idle === undefined ? {} : { cltTimeout: [String(idle / 1000)] }),
    ...(backup === undefined ? {} : { backupVServer: [backup] }),
    ...(adminState === undefined || adminState === 'enabled' ? {} : { state: ['DISABLED'] }),
  };
}

function typeOf({ protocol, tls }: VirtualServer): string {
  if (protocol === 'tls-passthrough') return 'SSL_BRIDGE';
  if (protocol === 'udp') return 'UDP';
  if (protocol === 'tcp') return tls === undefined ? 'TCP' : 'SSL_TCP';
  return tls === undefined ? 'HTTP' : 'SSL';
}

/** The address and port of `listen`; `0.0.0.0 0` listens nowhere and is reached by content switching alone. */
export function placeOf(listen: readonly string[] | undefined): { readonly address: string; readonly port: string } {
  const [first, ...others] = listen ?? [];
  if (first === undefined) return { address: '0.0.0.0', port: '0' };
  if (others.length > 0)
    throw refused(
      `A virtual server of a NetScaler listens at one address: make one for each of ${(listen ?? []).join(', ')}.`,
    );
  const [, v6, v4, port = ''] = /^(?:\[([0-9a-f:.]+)\]|(\d+(?:\.\d+){3})):(\d+|\*)$/i.exec(first) ?? [];
  const address = v6 ?? v4;
  if (address === undefined)
    throw refused(
      `A virtual server of a NetScaler listens at an address and a port, as 192.0.2.1:80, not at "${first}".`,
    );
  return { address, port };
}

/** The group of a pool `VSERVER/GROUP`. */
export function groupOf(objects: Scene['objects'], virtual: string, pool: string): string {
  const group = pool.startsWith(`${virtual}/`) ? pool.slice(virtual.length + 1) : undefined;
  if (group === undefined) {
    throw refused(
      `A pool under the virtual server "${virtual}" is called "${virtual}/GROUP" here, and "${pool}" is not: name it so, and it is bound.`,
    );
  }
  if (!objects.has('servicegroup', group)) throw gone(`service group "${group}"`);
  return group;
}

/**
 * Off first, so that nothing half bound takes traffic; then what hangs on it, so that each has its way back; then the thing itself. What
 * hands to it must be gone before.
 */
export function removeVirtual({ objects }: Scene, kind: string, name: string): readonly Sent[] {
  const holders = holdersOf(objects, name);
  if (holders.length > 0) {
    throw new AppError(
      'PLAN_INVALID',
      `The virtual server "${name}" is still named by ${holders.join(', ')}. Take it out there first.`,
    );
  }
  const of = { kind, name };
  const said = `${kind} ${quoteWord(name)}`;
  const { commands, binds } = objects.of(kind, name);
  const isOn = !isDisabled({ commands });
  const off: Sent = { command: `disable ${said}`, inverse: `enable ${said}`, of, loss: `connections to "${name}"` };
  const bound = binds.map((bind) => unbinding(said, of, bind));
  const again = addText(commands).replace(/ -state (?:EN|DIS)ABLED/, '');
  return [
    ...(isOn ? [off] : []),
    ...bound.toReversed(),
    ...removedTls(objects, name),
    { command: `rm ${said}`, inverse: `${again} -state DISABLED`, of },
  ];
}

function unbinding(said: string, of: Sent['of'], bind: Command): Sent {
  const place = subjectOf(bind).rest.slice(0, 1).map(quoteWord);
  const named = bind.options.filter(({ name }) =>
    /^(?:policyName|priority|type|lbvserver|certkeyName|CA|SNICert|cipherName)$/i.test(name),
  );
  const command = [`unbind ${said}`, ...place, ...optionsText({ options: named })].join(' ');
  return { command, inverse: [`bind ${said}`, ...place, ...optionsText(bind)].join(' '), of };
}

function removedTls(objects: Scene['objects'], name: string): readonly Sent[] {
  const of = { kind: 'ssl vserver', name };
  const said = `ssl vserver ${quoteWord(name)}`;
  const { commands, binds } = objects.of('ssl vserver', name);
  const bound = binds
    .filter((bind) => !new Options([bind]).has('eccCurveName')) // these come and go with it
    .map((bind) => unbinding(said, of, bind));
  const set = commands.flatMap(({ options }) => options);
  if (set.length === 0) return bound.toReversed();
  const unset = `unset ${said} ${set.map((option) => `-${option.name}`).join(' ')}`;
  return [
    ...bound.toReversed(),
    { command: unset, inverse: `set ${said} ${optionsText({ options: set }).join(' ')}`, of },
  ];
}

/** What names a virtual server: content switching, and others that it stands in for. */
function holdersOf(objects: Scene['objects'], name: string): readonly string[] {
  const naming = ['lbvserver', 'targetLBVserver', 'targetVserver', 'backupVServer'];
  return ['cs vserver', 'lb vserver', 'cs action'].flatMap((kind) =>
    objects
      .all(kind)
      .filter(({ name: holder, commands, binds }) => {
        const options = [...commands, ...binds].map((command) => new Options([command]));
        const isBound = kind === 'cs vserver' && binds.some((bind) => subjectOf(bind).rest[0] === name);
        return (
          holder !== name && (isBound || options.some((one) => naming.some((option) => one.text(option) === name)))
        );
      })
      .map(({ name: holder }) => `${kind} ${holder}`),
  );
}
