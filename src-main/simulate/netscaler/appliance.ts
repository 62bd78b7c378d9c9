import { parseLine } from './config-line.ts';
import { type Configuration, parseConfiguration, renderConfiguration } from './configuration.ts';
import { change, type EffectOptions } from './effects.ts';
import { readCommand } from './match.ts';
import { CommandRefused } from './refusal.ts';
import { type HaRole, show } from './show.ts';

/** The answer to one command; `source` says where its form is known from (absent where there is no such command). */
export interface Answer {
  readonly text: string;
  readonly isRefused: boolean;
  readonly source?: string;
}

/** Running and saved configuration of one appliance, and the commands that show and change them. */
export interface Appliance {
  readonly run: (command: string) => Answer;
  readonly running: () => string;
  readonly saved: () => string;
  /** What was not saved is lost. */
  readonly reboot: () => void;
  readonly role: () => HaRole;
  readonly become: (role: HaRole) => void;
}

export interface ApplianceOptions extends Partial<EffectOptions> {
  /** The text of ns.conf. */
  readonly config: string;
  readonly role?: HaRole;
  /** For the line that tells when the configuration was saved. */
  readonly now?: () => Date;
}

const done = ' Done\n';

export function makeAppliance(options: ApplianceOptions): Appliance {
  const now = options.now ?? ((): Date => new Date());
  const effects = { writesCustomServerId: options.writesCustomServerId ?? true };
  let saved = withHeader(parseConfiguration(options.config));
  let running = saved;
  let role = options.role ?? 'standalone';

  function answer(command: string): Answer {
    const given = readCommand(command);
    const { source, verb } = given.form;
    if (verb === 'show') return { text: `${show(given, { running, saved, role })}${done}`, isRefused: false, source };
    if (role === 'secondary') throw new CommandRefused('Operation not permitted');
    if (verb === 'save') saved = running = withHeader(running, stampOf(now()));
    else running = change(running, given, effects);
    return { text: done, isRefused: false, source };
  }

  return {
    run: (command) => {
      if (command.trim() === '' || command.startsWith('#')) return { text: '', isRefused: false };
      try {
        return answer(command);
      } catch (error) {
        if (!(error instanceof CommandRefused)) throw error;
        return { text: `${error.message}\n`, isRefused: true };
      }
    },
    running: () => renderConfiguration(running),
    saved: () => renderConfiguration(saved),
    reboot: () => {
      running = saved;
    },
    role: () => role,
    become: (next) => {
      role = next;
    },
  };
}

/** The two comments that every ns.conf begins with: the release, and when it was saved last. */
function withHeader({ lines }: Configuration, stamp?: string): Configuration {
  const release = lines.find(({ text }) => isRelease(text)) ?? parseLine('#NS13.1 Build 37.38');
  const known = lines.find(({ text }) => text.startsWith(stampStart)) ?? parseLine(stampOf(new Date(0)));
  const rest = lines.filter(({ text }) => !isRelease(text) && !text.startsWith(stampStart));
  return { lines: [release, stamp === undefined ? known : parseLine(stamp), ...rest] };
}

const stampStart = '# Last modified';

function isRelease(text: string): boolean {
  return /^#NS\d/.test(text);
}

function stampOf(savedAt: Date): string {
  const [day = '', date = '', month = '', year = '', time = ''] = savedAt.toUTCString().split(/,? /);
  return `# Last modified by \`save config\`, ${day} ${month} ${date} ${time} ${year}`;
}
