import { isOlder, dialogueVersion } from './check-words.ts';
import type { CheckKeyword } from './check-steps.ts';
import type { Setting, Settings } from './settings.ts';

const methodOptions = [
  'httpchk',
  'tcp-check',
  'ssl-hello-chk',
  'mysql-check',
  'pgsql-check',
  'redis-check',
  'ldap-check',
  'smtpchk',
  'spop-check',
  'external-check',
  'lb-agent-chk',
] as const;
export type MethodOption = (typeof methodOptions)[number];

/** What says how the servers of a section are checked. */
export interface CheckMethod {
  readonly option: MethodOption;
  readonly setting: Setting;
  /** The section, or the `defaults`, that the option stands in. */
  readonly holder: Settings;
  /** The rules that count, in their order, without `disable-on-404` and `send-state`. */
  readonly rules: readonly Setting[];
  /** False where rules of the section itself took the place of those of its `defaults`, with which the option's request went. */
  readonly hasOptionRequest: boolean;
}

/**
 * The option that counts: the later one wins, the section's own before its `defaults`. Rules of an HTTP check are those of the section
 * that writes the option; rules of the section itself take the place of inherited ones, and of the request that the inherited option
 * sends (tried with 2.6: such a server gets no request at all, and times out). Before 2.2 the two were inherited apart. Rules of a
 * `tcp-check` are the section's own or the inherited ones (proxy_parse_tcp_check_opt() in its sources).
 */
export function findMethod(settings: Settings, version: string | undefined): CheckMethod | undefined {
  const own = methodOptions
    .flatMap((option) => settings.own(`option ${option}`).map((setting) => ({ option, setting })))
    .sort((a, b) => a.setting.statement.line - b.setting.statement.line)
    .at(-1);
  if (own?.setting.isNegated === true) return undefined;
  const inherited = settings.parent === undefined ? undefined : findMethod(settings.parent, version);
  const chosen = own === undefined ? inherited : { ...own, holder: settings };
  if (chosen === undefined) return undefined;
  const { option, setting, holder } = chosen;
  const keyword = rulesKeyword(option);
  const rules = keyword === undefined ? [] : ownRules(settings, keyword);
  const base = { option, setting, holder };
  if (keyword === 'tcp-check') {
    const isKept = rules.length === 0 && inherited?.option === option;
    return { ...base, rules: isKept ? inherited.rules : rules, hasOptionRequest: false };
  }
  const isOld = isOlder(version, dialogueVersion);
  const kept = inherited?.option === option ? inherited.rules : [];
  if (isOld) return { ...base, rules: rules.length > 0 ? rules : kept, hasOptionRequest: true };
  if (own !== undefined) return { ...base, rules, hasOptionRequest: true };
  const isReplaced = rules.length > 0;
  return {
    ...base,
    rules: isReplaced ? rules : kept,
    hasOptionRequest: !isReplaced && (inherited?.hasOptionRequest ?? true),
  };
}

/** The keyword of an option's rules. */
export function rulesKeyword(option: MethodOption): CheckKeyword | undefined {
  if (option === 'httpchk') return 'http-check';
  return option === 'tcp-check' ? 'tcp-check' : undefined;
}

/** Rules of `http-check` that are switches, whatever else is inherited. */
export const checkSwitches: readonly string[] = ['disable-on-404', 'send-state'];

export function ownRules(settings: Settings, keyword: CheckKeyword): readonly Setting[] {
  return settings.own(keyword).filter(({ args }) => !checkSwitches.includes(args[0] ?? ''));
}

/** The lines that switch it on, in the section itself and above it. */
export function switchLines(settings: Settings, name: string): readonly Setting[] {
  const own = settings.own('http-check').filter(({ args }) => args[0] === name);
  return settings.parent === undefined ? own : [...own, ...switchLines(settings.parent, name)];
}

/** The options of the section itself, all of them. */
export function ownOptions(settings: Settings): readonly Setting[] {
  return methodOptions.flatMap((option) => settings.own(`option ${option}`));
}
