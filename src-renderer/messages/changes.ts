import type { AdminState, AlgorithmSettings, Persistence } from '$contract/model.ts';
import { missing } from '../format/number.ts';
import type { StagedEdit } from '../state/staging.svelte.ts';

const stateWords: Readonly<Record<AdminState, string>> = {
  enabled: 'enabled',
  draining: 'draining',
  disabled: 'disabled',
};

/** An algorithm in a few words: its name, then every setting that is there. */
function algorithmWords(settings: AlgorithmSettings | undefined): string {
  if (settings === undefined) return missing;
  const details = Object.entries(settings)
    .filter(([key]) => key !== 'name' && key !== 'native')
    .map(([key, value]) => (value === true ? key : `${key} ${String(value)}`));
  return [settings.name, ...details].join(', ');
}

/** How clients are held, in a few words. */
export function persistenceWords(persistence: Persistence | undefined): string {
  if (persistence === undefined || Object.keys(persistence).length === 0) return 'none';
  const { method, native, cookieName, key, expression } = persistence;
  const parts = [method ?? native ?? 'unknown', cookieName, key, expression];
  return parts.filter((part) => part !== undefined).join(' ');
}

/** Staged edits in words, for the bar at the foot and the review. */
export const changesText = {
  states: stateWords,
  algorithm: algorithmWords,
  edit(edit: StagedEdit): string {
    switch (edit.kind) {
      case 'weight':
        return `${edit.member} weight ${edit.prior ?? missing} → ${edit.value}`;
      case 'adminState':
        return `${edit.member} ${stateWords[edit.prior]} → ${stateWords[edit.value]}`;
      case 'algorithm':
        return `${edit.pool} ${algorithmWords(edit.prior)} → ${algorithmWords(edit.value)}`;
      case 'persistence':
        return `${edit.pool} persistence ${persistenceWords(edit.prior)} → ${persistenceWords(edit.value)}`;
      case 'addMember':
        return `${edit.pool} + ${edit.member}`;
      case 'removeMember':
        return `${edit.pool} − ${edit.member}`;
    }
  },
} as const;
