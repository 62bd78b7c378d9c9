import { isIP } from 'node:net';
import { type ConfigLine, findArgument, makeLine, withArgument } from './config-line.ts';
import { type Configuration, findLines, insertLine, removeLines, replaceLine } from './configuration.ts';
import { defaultArguments, unwritten } from './defaults.ts';
import type { Form } from './forms.ts';
import type { Given } from './match.ts';
import { changeMonitor, needMonitor } from './monitors.ts';
import { CommandRefused } from './refusal.ts';
import { changeSsl, curves, withCurves } from './ssl.ts';
import { isTlsVserver } from './tls.ts';
import type { EffectTools } from './tools.ts';
import { toWord } from './words.ts';

type Effect = (config: Configuration, given: Given, tools: EffectTools) => Configuration;

/** What a command that changes something makes of the running configuration. Throws `CommandRefused`. */
export function change(config: Configuration, given: Given, tools: EffectTools): Configuration {
  if (given.form.object.startsWith('ssl ')) return changeSsl(config, given, tools);
  if (given.form.object === 'lb monitor') return changeMonitor(config, given);
  const effect = effects[given.form.verb];
  if (effect === undefined) throw new CommandRefused('No such command');
  return effect(config, given, tools);
}

const effects: Readonly<Record<string, Effect>> = {
  add,
  set: (config, given) => assign(config, given),
  unset: (config, given) => assign(config, given),
  rm: remove,
  bind,
  unbind,
  enable: (config, given) => setState(config, given, undefined),
  disable: (config, given) => setState(config, given, ['DISABLED']),
};

function add(config: Configuration, given: Given): Configuration {
  const { form, positionals } = given;
  const [name = '', second = '', third = '', port = ''] = positionals;
  if (findLines(config, 'add', form.object, name).length > 0) {
    throw new CommandRefused('Resource already exists', nameOf(form), name);
  }
  if (form.object === 'server') return insertLine(config, newLine(given, [name, second], ''));
  if (form.object === 'lb vserver') {
    const address = positionals.length > 2 ? [third, checkPort(port)] : ['0.0.0.0', '0'];
    const line = newLine(given, [name, second.toUpperCase(), ...address], second);
    const next = insertLine(config, line);
    return isTlsVserver(line) ? withCurves(next, 'ssl vserver', name, curves) : next;
  }
  if (form.object === 'serviceGroup') return insertLine(config, newLine(given, [name, second.toUpperCase()], second));
  const [withIt, server] = serverFor(config, second);
  return insertLine(withIt, newLine(given, [name, server, third.toUpperCase(), checkPort(port)], third));
}

function newLine({ form, args }: Given, words: readonly string[], serviceType: string): ConfigLine {
  const start = makeLine({
    verb: 'add',
    object: form.object,
    positionals: words.map(toWord),
    args: defaultArguments(form.object, serviceType.toUpperCase()),
  });
  return withArguments(start, form, args);
}

/** `set` with values, `unset` with none: on a member's binding where the command names one, else on the object. */
function assign(config: Configuration, { form, positionals, args }: Given): Configuration {
  const [name = ''] = positionals;
  const line = positionals.length > 1 ? needMember(config, positionals) : needObject(config, form, name);
  const address = args.find((one) => one.name === 'IPAddress')?.values[0];
  const moved =
    address === undefined
      ? line
      : makeLine({ ...line, positionals: line.positionals.with(form.object === 'server' ? 1 : 2, toWord(address)) });
  const rest = args.filter((one) => one.name !== 'IPAddress');
  const changed =
    form.verb === 'set' ? withArguments(moved, form, rest) : rest.reduce((one, { name }) => unset(one, name), moved);
  return replaceLine(config, line, changed);
}

function withArguments(start: ConfigLine, form: Form, args: Given['args']): ConfigLine {
  // The order of a binding is that of `bind`, not of the command that changed it.
  const order = form.args.map(({ name }) => name);
  return args.reduce((line, { name, values }) => {
    const isUnwritten = values[0] !== undefined && unwritten[name] === values[0];
    return withArgument(line, name, isUnwritten ? undefined : values, order);
  }, start);
}

function unset(line: ConfigLine, name: string): ConfigLine {
  const type = line.object === 'serviceGroup' ? 1 : line.object === 'service' ? 2 : 1;
  const written = line.verb === 'add' ? defaultArguments(line.object, line.positionals[type]?.text ?? '') : [];
  const values = written.find((one) => one.name === name)?.values.map(({ text }) => text);
  return withArgument(line, name, values, []);
}

/** What names the object goes with it. */
function remove(config: Configuration, { form, positionals: [name = ''] }: Given): Configuration {
  const line = needObject(config, form, name);
  const bindings = [
    ...findLines(config, 'bind', form.object, name),
    ...(form.object === 'lb vserver' ? linesOfTls(config, name) : []),
    ...(form.object === 'server' ? bindingsOfServer(config, name) : []),
    ...config.lines.filter((one) => isBindingTo(one, form.object, name)),
  ];
  return removeLines(config, [line, ...bindings]);
}

function linesOfTls(config: Configuration, name: string): readonly ConfigLine[] {
  return ['set', 'bind', 'unbind'].flatMap((verb) => findLines(config, verb, 'ssl vserver', name));
}

function isBindingTo(line: ConfigLine, object: string, name: string): boolean {
  const isBinding = line.verb === 'bind' && line.object === 'lb vserver';
  return isBinding && object.startsWith('service') && line.positionals[1]?.text === name;
}

function bindingsOfServer(config: Configuration, server: string): readonly ConfigLine[] {
  return [...findLines(config, 'bind', 'serviceGroup'), ...findLines(config, 'add', 'service')].filter(
    ({ positionals }) => positionals[1]?.text === server,
  );
}

function bind(config: Configuration, given: Given, options: EffectTools): Configuration {
  const { form, positionals, args } = given;
  const [name = '', target = '', port = ''] = positionals;
  needObject(config, form, name);
  if (form.object === 'serviceGroup' && target !== '') return bindMember(config, given, checkPort(port), options);
  if (form.object === 'lb vserver' && target !== '') needEither(config, ['service', 'serviceGroup'], target);
  const monitor = args.find((one) => one.name === 'monitorName')?.values[0];
  if (monitor !== undefined) needMonitor(config, monitor);
  if (target === '' && args.length === 0) throw new CommandRefused('Required argument missing', 'serviceName');
  const line = withArguments(bindingLine(form, positionals), form, args);
  const isThere = findLines(config, 'bind', form.object, name).some((one) => {
    if (monitor !== undefined) return findArgument(one, 'monitorName') === monitor;
    return target === '' ? one.text === line.text : one.positionals[1]?.text === target;
  });
  if (isThere) throw new CommandRefused('Resource already exists', nameOf(form), name);
  return insertLine(config, line);
}

function bindMember(
  config: Configuration,
  { form, positionals, args }: Given,
  port: string,
  { writesCustomServerId }: EffectTools,
): Configuration {
  const [group = '', target = ''] = positionals;
  const [withIt, server] = serverFor(config, target);
  if (findLines(config, 'bind', 'serviceGroup', group, server, port).length > 0) {
    throw new CommandRefused('Resource already exists', 'serverName', server);
  }
  const defaults = writesCustomServerId ? [{ name: 'CustomServerID', values: ['"None"'] }] : [];
  const line = bindingLine(form, [group, server, port]);
  return insertLine(withIt, withArguments(line, form, [...defaults, ...args]));
}

function bindingLine(form: Form, words: readonly string[]): ConfigLine {
  return makeLine({ verb: 'bind', object: form.object, positionals: words.map(toWord), args: [] });
}

function unbind(config: Configuration, { form, positionals, args }: Given): Configuration {
  const [name = '', target] = positionals;
  needObject(config, form, name);
  const monitor = args.find((one) => one.name === 'monitorName')?.values[0];
  const gone = findLines(config, 'bind', form.object, ...positionals).filter((line) => {
    return target !== undefined || (monitor !== undefined && findArgument(line, 'monitorName') === monitor);
  });
  if (gone.length === 0) throw new CommandRefused('No such resource', targetOf(form), target ?? monitor ?? '');
  return removeLines(config, gone);
}

/** What is still served until it is over is not for the configuration to know (`leaving.ts`). */
function setState(config: Configuration, given: Given, values: readonly string[] | undefined): Configuration {
  const { form, positionals } = given;
  const [name = '', delay] = positionals;
  if (form.object !== 'serviceGroup' && delay !== undefined && !/^\d+$/.test(delay)) {
    throw new CommandRefused('Invalid argument value', 'delay', delay);
  }
  const isMember = form.object === 'serviceGroup' && positionals.length > 1;
  const line = isMember ? needMember(config, positionals) : needObject(config, form, name);
  return replaceLine(config, line, withArgument(line, 'state', values, []));
}

function needObject(config: Configuration, form: Form, name: string): ConfigLine {
  const [line] = findLines(config, 'add', form.object, name);
  if (line === undefined) throw new CommandRefused('No such resource', nameOf(form), name);
  return line;
}

function needEither(config: Configuration, objects: readonly string[], name: string): void {
  if (objects.some((object) => findLines(config, 'add', object, name).length > 0)) return;
  throw new CommandRefused('No such resource', 'serviceName', name);
}

function needMember(config: Configuration, positionals: readonly string[]): ConfigLine {
  const [group = '', server = '', port = ''] = positionals;
  if (findLines(config, 'add', 'serviceGroup', group).length === 0) {
    throw new CommandRefused('No such resource', 'serviceGroupName', group);
  }
  if (port === '') throw new CommandRefused('Argument pre-requisite missing', 'serverName', 'port');
  const [line] = findLines(config, 'bind', 'serviceGroup', group, server, checkPort(port));
  if (line === undefined) throw new CommandRefused('No such resource', 'serverName', server);
  return line;
}

/** The server of that name or address; one for an address alone is made, with the address for its name. */
function serverFor(config: Configuration, target: string): readonly [Configuration, string] {
  const servers = findLines(config, 'add', 'server');
  const known = servers.find(({ positionals: [name, address] }) => name?.text === target || address?.text === target);
  if (known !== undefined) return [config, known.positionals[0]?.text ?? target];
  if (isIP(target) === 0) throw new CommandRefused('No such resource', 'serverName', target);
  const positionals = [target, target].map(toWord);
  return [insertLine(config, makeLine({ verb: 'add', object: 'server', positionals, args: [] })), target];
}

function checkPort(port: string): string {
  if (port === '*') return port;
  if (port === '') throw new CommandRefused('Required argument missing', 'port');
  if (!/^\d+$/.test(port)) throw new CommandRefused('Invalid argument value', 'port', port);
  if (Number(port) > 65_535) throw new CommandRefused('Argument value is out of range', 'port', port);
  return port;
}

/** The name by which errors call an object: NITRO's error 258 has `vServerName` for virtual servers. */
function nameOf({ object }: Form): string {
  return { server: 'serverName', service: 'serviceName', serviceGroup: 'serviceGroupName' }[object] ?? 'vServerName';
}

function targetOf({ object }: Form): string {
  return { serviceGroup: 'serverName', service: 'monitorName' }[object] ?? 'serviceName';
}
