import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { AppError } from '../contract/errors.ts';

/** A host as somebody names it: an alias of ssh_config(5), a name or an address. What is not said is left to the configuration. */
export interface AskedHost {
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
}

/** A host as ssh_config(5) says it is reached. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** IdentityFile, in the order in which they are tried. */
  readonly keyFiles: readonly string[];
  /** IdentitiesOnly: of the agent's keys only those of `keyFiles` may be offered. */
  readonly isIdentitiesOnly: boolean;
  /** IdentityAgent; undefined: the one of the environment. `none`: no agent is asked. */
  readonly agentSocket: string | undefined;
  readonly knownHosts: readonly string[];
  /** HostKeyAlias: the name by which the host's key is known. */
  readonly hostKeyAlias: string | undefined;
  /** The jump host that it is reached through. */
  readonly via: SshTarget | undefined;
}

export interface SshConfigSurroundings {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Another file than ~/.ssh/config and the system's (`ssh -F`). */
  readonly file?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const timeoutMs = 5_000;
/** A chain of jump hosts that is longer leads in a circle. */
const longestChain = 8;

/**
 * How a host is reached, by the user's own ssh_config(5). OpenSSH itself is asked (`ssh -G`), so that Host patterns, Include, Match,
 * defaults and their order are OpenSSH's own. Undefined where no `ssh` is installed. Throws INPUT_INVALID (the configuration has an
 * error, or its jump hosts lead in a circle), CAPABILITY_MISSING (ProxyCommand).
 */
export async function findSshTarget(
  asked: AskedHost,
  surroundings: SshConfigSurroundings,
  depth = 0,
): Promise<SshTarget | undefined> {
  if (depth > longestChain) {
    throw new AppError(
      'INPUT_INVALID',
      `The jump hosts (ProxyJump) of "${asked.host}" in the SSH configuration lead in a circle.`,
    );
  }
  const text = await askSsh(asked, surroundings);
  if (text === undefined) return undefined;
  const { jumps, ...target } = readAnswer(asked, text, surroundings);
  // As `ssh -J a,b`: a is reached as its own configuration says, b through a whatever its own says.
  let via: SshTarget | undefined;
  for (const jump of jumps) {
    const found: SshTarget | undefined = await findSshTarget(jump, surroundings, depth + 1);
    via = found === undefined || via === undefined ? found : { ...found, via };
  }
  return { ...target, via };
}

/** The output of `ssh -G`: one keyword and its value a line, keywords in lower case. */
function askSsh(asked: AskedHost, { file, signal }: SshConfigSurroundings): Promise<string | undefined> {
  const words = [
    '-G',
    ...(file === undefined ? [] : ['-F', file]),
    ...(asked.port === undefined ? [] : ['-p', String(asked.port)]),
    ...(asked.user === undefined || asked.user === '' ? [] : ['-l', asked.user]),
    '--',
    asked.host,
  ];
  return new Promise((resolve, reject) => {
    const options = {
      timeout: timeoutMs,
      maxBuffer: 1024 * 1024,
      encoding: 'utf8',
      ...(signal === undefined ? {} : { signal }),
    } as const;
    const child = execFile('ssh', words, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') resolve(undefined);
      else {
        const said = stderr.trim().slice(0, 1000);
        const detail = `OpenSSH cannot read its configuration for "${asked.host}": ${said === '' ? error.message : said} Mend the file, then try again.`;
        reject(new AppError('INPUT_INVALID', detail, { cause: error, raw: said }));
      }
    });
    child.stdin?.end();
  });
}

function readAnswer(
  asked: AskedHost,
  text: string,
  { home, environment }: SshConfigSurroundings,
): Omit<SshTarget, 'via'> & { readonly jumps: readonly AskedHost[] } {
  const lines = text.split('\n').map((line) => {
    const cut = line.indexOf(' ');
    return cut < 0 ? ([line, ''] as const) : ([line.slice(0, cut), line.slice(cut + 1).trim()] as const);
  });
  function all(keyword: string): string[] {
    return lines.flatMap(([name, value]) => (name === keyword && value !== '' && value !== 'none' ? [value] : []));
  }
  function first(keyword: string): string | undefined {
    return all(keyword)[0];
  }
  if (first('proxycommand') !== undefined) {
    throw new AppError(
      'CAPABILITY_MISSING',
      `The SSH configuration reaches "${asked.host}" by a ProxyCommand, which Steelyard does not run. Write the way as ProxyJump.`,
    );
  }
  const host = first('hostname') ?? asked.host;
  const user = first('user') ?? '';
  function path(value: string): string {
    const tokens: Readonly<Record<string, string>> = {
      '%%': '%',
      '%d': home,
      '%h': host,
      '%r': user,
      '%n': asked.host,
    };
    const expanded = value.replace(/%[%dhrn]/g, (token) => tokens[token] ?? token);
    return expanded.startsWith('~/') ? join(home, expanded.slice(2)) : expanded;
  }
  const agent = lines.find(([name]) => name === 'identityagent')?.[1];
  return {
    host,
    user,
    port: Number(first('port') ?? 22),
    keyFiles: all('identityfile').map(path),
    isIdentitiesOnly: first('identitiesonly') === 'yes',
    agentSocket: agent === undefined || agent === 'SSH_AUTH_SOCK' ? undefined : agentPath(agent, path, environment),
    knownHosts: ['userknownhostsfile', 'globalknownhostsfile'].flatMap((name) =>
      all(name).flatMap((files) => files.split(' ').map(path)),
    ),
    hostKeyAlias: first('hostkeyalias'),
    jumps: all('proxyjump').flatMap((value) => value.split(',').map(readJump)),
  };
}

/** `$NAME` is a variable of the environment; one that is not set means no agent. */
function agentPath(
  value: string,
  path: (value: string) => string,
  environment: SshConfigSurroundings['environment'],
): string {
  return value.startsWith('$') ? (environment[value.slice(1).replace(/^\{(.*)\}$/, '$1')] ?? 'none') : path(value);
}

/** `[user@]host[:port]` or an ssh:// URI (ssh_config(5), ProxyJump). */
function readJump(text: string): AskedHost {
  const match = /^(?:ssh:\/\/)?(?:(.*)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?\/?$/.exec(text.trim());
  const [, user, host = text.trim(), port] = match ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), user, port: port === undefined ? undefined : Number(port) };
}
