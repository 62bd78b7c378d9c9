import { parseLine } from './config-line.ts';
import { type Configuration, parseConfiguration, renderConfiguration } from './configuration.ts';
import { type Files, makeFiles, NoSpace } from '../files.ts';
import type { ServedTls } from '../served-tls.ts';
import { change } from './effects.ts';
import { removeFiles, syncFiles } from './system-files.ts';
import { type HealthOf, unprobed } from './health.ts';
import { readPairs } from './key-pair.ts';
import { type Given, readCommand } from './match.ts';
import { CommandRefused } from './refusal.ts';
import { type HaRole, show } from './show.ts';
import { servedTls } from './tls.ts';
import { stat } from './stat.ts';
import type { EffectOptions } from './tools.ts';
import { type Counters, noTraffic } from '../traffic.ts';

/** The answer to one command; `source` says where its form is known from (absent where there is no such command). */
export interface Answer {
  readonly text: string;
  readonly isRefused: boolean;
  readonly source?: string;
  /** Asks for a passphrase before anything is done; the answer to it is given by `answer`. */
  readonly question?: { readonly text: string; readonly answer: (given: string) => Answer };
}

/** Running and saved configuration of one appliance, and the commands that show and change them. */
export interface Appliance {
  readonly run: (command: string) => Answer;
  readonly running: () => string;
  readonly saved: () => string;
  /** What was not saved is lost. */
  readonly reboot: () => void;
  /** Its disk: certificates are under /nsconfig/ssl. */
  readonly files: Files;
  /** What a virtual server shows to clients by TLS; undefined where it speaks none. */
  readonly tls: (vserver: string) => ServedTls | undefined;
  readonly role: () => HaRole;
  readonly become: (role: HaRole) => void;
}

export interface ApplianceOptions extends Partial<EffectOptions> {
  /** The text of ns.conf. */
  readonly config: string;
  readonly role?: HaRole;
  /** For the line that tells when the configuration was saved, and for what expires. */
  readonly now?: () => Date;
  /** What was counted, by the names of `bindings.ts`; nothing unless told. */
  readonly counted?: (name: string) => Counters;
  /** Counters begin at 0. */
  readonly clearCounters?: () => void;
  /** Texts by their paths that are on the disk from the beginning. */
  readonly files?: Readonly<Record<string, string>>;
  /** What is told of services and members. */
  readonly health?: HealthOf;
}

const done = ' Done\n';

export function makeAppliance(options: ApplianceOptions): Appliance {
  const now = options.now ?? ((): Date => new Date());
  const files = makeFiles();
  for (const [path, text] of Object.entries(options.files ?? {})) files.write(path, text);
  const tools = {
    writesCustomServerId: options.writesCustomServerId ?? true,
    files,
    passwords: new Map<string, string>(),
    now,
  };
  let saved = readPairs(withHeader(parseConfiguration(options.config)), files);
  let running = saved;
  let role = options.role ?? 'standalone';
  writeConfig();

  function writeConfig(): void {
    try {
      files.write('/nsconfig/ns.conf', renderConfiguration(saved));
    } catch (error) {
      if (error instanceof NoSpace) throw new CommandRefused('No space left on device');
      throw error;
    }
  }
  function save(): void {
    const before = saved;
    saved = withHeader(running, stampOf(now()));
    try {
      writeConfig();
    } catch (error) {
      saved = before;
      throw error;
    }
    running = saved;
  }
  function answer(given: Given): Answer {
    const { source, verb } = given.form;
    if (verb === 'show') {
      return {
        text: `${show(given, { running, saved, role, now: now(), health: options.health ?? unprobed })}${done}`,
        isRefused: false,
        source,
      };
    }
    if (verb === 'stat') {
      const isCleared = given.args.some(({ name }) => name === 'clearstats');
      if (isCleared) options.clearCounters?.();
      const text = isCleared
        ? ''
        : stat(given, running, { counted: options.counted ?? (() => noTraffic), health: options.health ?? unprobed });
      return { text: `${text}${done}`, isRefused: false, source };
    }
    if (verb === 'shell') return { text: `${removeFiles(given, files)}${done}`, isRefused: false, source };
    if (verb === 'sync') {
      syncFiles(given, role);
      return { text: done, isRefused: false, source };
    }
    if (role === 'secondary') throw new CommandRefused('Operation not permitted');
    if (verb === 'save') save();
    else running = change(running, given, tools);
    return { text: done, isRefused: false, source };
  }
  function attempt(act: () => Answer): Answer {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error;
      return { text: `${error.message}\n`, isRefused: true };
    }
  }
  /** `-password` without a value is asked for (manual, "ssl certKey", examples). */
  function ask(given: Given): Answer | undefined {
    const open = given.args.find((one) => one.name === 'password' && one.values.length === 0);
    if (open === undefined) return undefined;
    return {
      text: '',
      isRefused: false,
      source: given.form.source,
      question: {
        text: 'Password: ',
        answer: (password) => {
          const args = given.args.map((one) => (one === open ? { ...one, values: [password] } : one));
          return attempt(() => answer({ ...given, args }));
        },
      },
    };
  }

  return {
    run: (command) => {
      if (command.trim() === '' || command.startsWith('#')) return { text: '', isRefused: false };
      return attempt(() => {
        const given = readCommand(command);
        return ask(given) ?? answer(given);
      });
    },
    running: () => renderConfiguration(running),
    saved: () => renderConfiguration(saved),
    reboot: () => {
      saved = readPairs(saved, files, tools.passwords);
      running = saved;
    },
    files,
    tls: (vserver) => servedTls(running, vserver),
    role: () => role,
    become: (next) => {
      role = next;
    },
  };
}

/** The two comments that every ns.conf begins with: the release, and when it was saved last. */
function withHeader(config: Configuration, stamp?: string): Configuration {
  const { lines } = config;
  const release = lines.find(({ text }) => isRelease(text)) ?? parseLine('#NS13.1 Build 37.38');
  const known = lines.find(({ text }) => text.startsWith(stampStart)) ?? parseLine(stampOf(new Date(0)));
  const rest = lines.filter(({ text }) => !isRelease(text) && !text.startsWith(stampStart));
  return { ...config, lines: [release, stamp === undefined ? known : parseLine(stamp), ...rest] };
}

const stampStart = '# Last modified';

function isRelease(text: string): boolean {
  return /^#NS\d/.test(text);
}

function stampOf(savedAt: Date): string {
  const [day = '', date = '', month = '', year = '', time = ''] = savedAt.toUTCString().split(/,? /);
  return `# Last modified by \`save config\`, ${day} ${month} ${date} ${time} ${year}`;
}
