import type { DeviceModel } from '../../../src-main/contract/model.ts';
import type { SshDevice } from '../../../src-main/simulate/ssh-device.ts';

/** A simulated appliance under the scenario: its own words, and what other hands do. */
export interface StartedAppliance extends SshDevice {
  readonly running: () => string;
  readonly saved: () => string;
  /** Every command that came so far, as the device read it. */
  readonly commands: () => readonly string[];
  /** Another hand changes the pool, and says so in the running configuration alone. */
  readonly otherHand: () => void;
  /** Running goes back to saved. */
  readonly reboot: () => void;
}

/** Something to be wished for, and what the device says of it once it is so. */
export interface Wish {
  readonly desired: object;
  readonly says: readonly RegExp[];
}

/** What differs between the appliances: names, texts, and the device's own words. One story is walked on each of them. */
export interface ApplianceVendor {
  readonly vendor: 'f5' | 'netscaler' | 'a10';
  readonly label: string;
  readonly start: () => Promise<StartedAppliance>;
  /** The account that the docs describe for pushing, and one that reads alone. */
  readonly pusher: string;
  readonly reader: string;
  readonly pool: string;
  readonly members: readonly [first: string, second: string];
  /** 1: what is read, and a text of the configuration that is not modelled. */
  readonly model: Partial<DeviceModel> | object;
  readonly unmodelled: string;
  /** 3 to 7 at once: a third member, weights 3 to 1, another algorithm, monitor and persistence, as far as the driver changes them. */
  readonly change: Wish;
  /** What keeping a change sends. */
  readonly saving: readonly string[];
  /** 3: the third member goes again. */
  readonly removal: Wish;
  /** 8: the second member's line while it drains. */
  readonly draining: RegExp;
  /** Four commands or lines on the device or more, all in one push: what a link may be cut in; and their way back, as often as wanted. */
  readonly walk: { readonly there: Wish; readonly back: Wish };
  /** 11: what the device refuses, and its words for that. */
  readonly refused: Wish;
  /** 16: the words with which the reader is refused. */
  readonly forbidden: RegExp;
  /** Commands that look, or that move between modes: what reading, planning and polling send too. */
  readonly looks: RegExp;
}
