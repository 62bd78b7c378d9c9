import type { Files } from '../files.ts';

export interface EffectOptions {
  /** Whether a new binding gets `-CustomServerID "\"None\""`, as releases of the field write it. */
  readonly writesCustomServerId: boolean;
}

/** What commands need beside the configuration. */
export interface EffectTools extends EffectOptions {
  readonly files: Files;
  /** Passphrases of keys, by what stands for them in the configuration. */
  readonly passwords: Map<string, string>;
  readonly now: () => Date;
}
