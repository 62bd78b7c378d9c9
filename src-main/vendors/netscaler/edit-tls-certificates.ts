import type { ClientTls } from '../../contract/model.ts';
import { type Command, Options } from './commands.ts';
import { gone, lacking, optionsText, refused, type Scene, type Sent, setOptions } from './sent.ts';
import { quoteWord } from './write.ts';

/** Certificates that a virtual server answers with, the first by default and the others by their names, and the one of its clients' authority. */
export function certificateCommands(
  scene: Scene,
  kind: string,
  name: string,
  wish: ClientTls,
  changed: readonly string[],
): readonly Sent[] {
  const all = scene.objects.of('ssl vserver', name).binds.filter((bind) => new Options([bind]).has('certkeyName'));
  const authorities = all.filter((bind) => new Options([bind]).has('CA'));
  const served = all.filter((bind) => !authorities.includes(bind));
  return [
    ...(changed.includes('caFile') ? authorityCommands(scene, name, authorities, wish.caFile) : []),
    ...(changed.includes('certificates') ? servedCommands(scene, kind, name, served, wish) : []),
  ];
}

function authorityCommands(
  scene: Scene,
  name: string,
  old: readonly Command[],
  wish: string | undefined,
): readonly Sent[] {
  const added = wish === undefined ? [] : [bind(scene, name, wish, ' -CA')];
  return [...added, ...old.map((line) => unbind(name, line))];
}

function servedCommands(
  scene: Scene,
  kind: string,
  name: string,
  old: readonly Command[],
  { certificates = [] }: ClientTls,
): readonly Sent[] {
  const names = certificates.map((one) => {
    if (one.name === undefined)
      throw refused(
        'A certificate of a NetScaler is named by its name there (add ssl certKey): give it to the appliance first.',
      );
    return one.name;
  });
  const kept = old.filter((line) => names.includes(keyOf(line)));
  const taken = old.filter((line) => !kept.includes(line)).map((line) => unbind(name, line));
  const hasDefault = kept.some((line) => !new Options([line]).has('SNICert'));
  const fresh = names.filter((one) => !kept.some((line) => keyOf(line) === one));
  const [first] = hasDefault ? [] : fresh.slice(0, 1);
  const others = fresh.filter((one) => one !== first).map((one) => bind(scene, name, one, ' -SNICert'));
  const sni = others.length === 0 ? [] : sniCommands(scene, kind, name);
  if (first === undefined) return [...sni, ...others, ...taken];
  const isSwap = old.some((line) => !kept.includes(line) && !new Options([line]).has('SNICert'));
  const loss = `new TLS handshakes with "${name}" fail for the moment in which its default certificate is bound anew`;
  return [...sni, ...others, ...taken, { ...bind(scene, name, first, ''), ...(isSwap ? { loss } : {}) }];
}

function sniCommands({ objects }: Scene, kind: string, name: string): readonly Sent[] {
  const { commands, binds } = objects.of('ssl vserver', name);
  const now = new Options([...objects.of(kind, name).commands, ...binds, ...commands]);
  const profile = now.text('sslProfile');
  if (profile === undefined) {
    return setOptions({ said: `ssl vserver ${quoteWord(name)}`, of: { kind: 'ssl vserver', name } }, now, {
      SNIEnable: ['ENABLED'],
    });
  }
  const shared = new Options(objects.of('ssl profile', profile).commands);
  if (shared.text('SNIEnable')?.toUpperCase() === 'ENABLED') return [];
  throw lacking(`a certificate by its name on "${name}", whose profile ${profile} has SNI switched off`);
}

function keyOf(line: Command): string {
  return new Options([line]).text('certkeyName') ?? '';
}

function bind({ objects }: Scene, name: string, certificate: string, how: string): Sent {
  if (!objects.has('ssl certkey', certificate)) throw gone(`certificate "${certificate}"`);
  const words = `ssl vserver ${quoteWord(name)} -certkeyName ${quoteWord(certificate)}${how}`;
  return { command: `bind ${words}`, inverse: `unbind ${words}`, of: { kind: 'ssl vserver', name } };
}

function unbind(name: string, line: Command): Sent {
  const said = `ssl vserver ${quoteWord(name)}`;
  const flags = ['CA', 'SNICert'].filter((flag) => new Options([line]).has(flag)).map((flag) => ` -${flag}`);
  const command = `unbind ${said} -certkeyName ${quoteWord(keyOf(line))}${flags.join('')}`;
  return { command, inverse: ['bind', said, ...optionsText(line)].join(' '), of: { kind: 'ssl vserver', name } };
}
