import type { DeviceAddress, VendorId } from '../contract/address.ts';
import type { DeviceFacts, MemberLoad, SshKind, TestStep } from '../contract/api.ts';
import type { CertificateFacts, DeviceCertificate } from '../contract/certificates.ts';
import type { LogPage } from '../contract/log.ts';
import type { Sample } from '../contract/metrics.ts';
import type { DeviceModel } from '../contract/model.ts';
import type { Edit, Plan } from '../contract/plan.ts';
import type { TerminalDialect } from '../contract/terminal.ts';
import type { Session } from '../transports/transport.ts';

/** A configuration file as bytes; never decoded and written back. */
export interface SourceFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export interface DeviceReading {
  readonly files: readonly SourceFile[];
  /** SHA-256 (hex) over names and bytes of `files`; for a device without files over its canonical configuration text. */
  readonly fingerprint: string;
  readonly facts: DeviceFacts;
  /** The effective configuration: what the files write, with what sections inherit. */
  readonly model: DeviceModel;
}

/** A plan but for what the console adds: id, device name, time. */
export type PlanDraft = Omit<
  Plan,
  'version' | 'id' | 'device' | 'vendor' | 'createdAt' | 'why' | 'changes' | 'desired'
>;

/** A certificate with chain and key, checked to belong together. Texts are PEM; the key goes nowhere but to the device. */
export interface CertificateMaterial {
  readonly leaf: string;
  /** From the issuer upwards; empty where nothing is sent after the leaf. */
  readonly chain: string;
  /** PKCS#8, not encrypted. */
  readonly key: string;
  readonly facts: CertificateFacts;
  /** SHA-256 of the leaf (DER), hexadecimal, lower case. */
  readonly sha256: string;
  /** What is stapled to it; absent where none was given. */
  readonly ocsp?: OcspAnswer;
}

/** An OCSP answer that was checked: about this certificate and issuer, "good", signed, not over. Times are ISO. */
export interface OcspAnswer {
  /** DER of the whole OCSPResponse. */
  readonly bytes: Buffer;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
}

/** A plan to put a certificate in place. Its commands name secrets by their id (`stdin`); the bytes stand beside, for main alone. */
export interface CertificateDraft {
  readonly draft: PlanDraft;
  readonly secrets: ReadonlyMap<string, Buffer>;
  /** What is there now, absent where it is new. */
  readonly prior?: CertificateFacts;
  /** What is stapled now and afterwards, in words; absent where nothing changes. */
  readonly ocsp?: { readonly prior: string; readonly desired: string };
  /** PEM of what is there now with its key, so that it can be put back later. */
  readonly previous?: Buffer;
}

/** Certificates of a device; absent where the driver knows no way to them. */
export interface DeviceCertificates {
  /** By the device's own words; no key is read. Throws CAPABILITY_MISSING with the remedy. */
  readonly list: (reading: DeviceReading, signal: AbortSignal) => Promise<readonly DeviceCertificate[]>;
  /** Throws NOT_FOUND, CAPABILITY_MISSING, PLAN_INVALID. */
  readonly plan: (
    reading: DeviceReading,
    name: string,
    material: CertificateMaterial,
    planId: string,
    signal: AbortSignal,
  ) => Promise<CertificateDraft>;
  /**
   * One that the device does not have yet: `name` as the device shall call it, `list` the list of it that names it, where one does.
   * Absent where the driver knows no way. Throws as `plan` does, and ALREADY_EXISTS.
   */
  readonly add?: (
    reading: DeviceReading,
    wish: { readonly name: string; readonly list?: string | undefined },
    material: CertificateMaterial,
    planId: string,
    signal: AbortSignal,
  ) => Promise<CertificateDraft>;
}

export interface DriverTools {
  /** The only sources of time, hashes and names that a driver has. */
  readonly now: () => Date;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly sha256: (bytes: Uint8Array) => string;
  /** What a certificate in PEM says; undefined where the text is none. */
  readonly certificate: (pem: string) => CertificateFacts | undefined;
}

export interface OpenDevice {
  /**
   * What the wizard shows after sign-in: privilege, version, and what was discovered. Calls `report` as each step ends.
   * Throws the `AppError` of the first step that fails, with the raw answer.
   */
  readonly test: (
    report: (step: TestStep) => void,
    signal: AbortSignal,
  ) => Promise<{ facts: DeviceFacts; discovered: Record<string, string> }>;
  readonly read: (signal: AbortSignal) => Promise<DeviceReading>;
  readonly poll: (signal: AbortSignal) => Promise<Sample>;
  /** Connections on a member over all processes; absent where the kind of balancer has one process, which `poll` tells of. */
  readonly memberLoad?: (pool: string, member: string, signal: AbortSignal) => Promise<MemberLoad>;
  /**
   * Pure but for reads of the device. `planId` names the files that the push will leave beside the live ones.
   * Throws CAPABILITY_MISSING (what, why, the way round) and PLAN_INVALID.
   */
  readonly plan: (reading: DeviceReading, edit: Edit, planId: string, signal: AbortSignal) => Promise<PlanDraft>;
  readonly certificates?: DeviceCertificates;
  /** What the device has logged since the page that gave this cursor, or of late. Throws CAPABILITY_MISSING, NOT_FOUND. */
  readonly log?: (after: string | undefined, signal: AbortSignal) => Promise<LogPage>;
  /**
   * A plan that brings whole files back (a version from history). Absent where a configuration holds far more than balancing: what the
   * model knows of the version is then planned as any other change.
   */
  readonly planFiles?: (
    reading: DeviceReading,
    files: readonly SourceFile[],
    planId: string,
    signal: AbortSignal,
  ) => Promise<PlanDraft>;
  /**
   * Where the device stands against a plan: file by hash, running state by the device's own words. `differences` names what keeps
   * it from being wholly `new` (or `old`), empty when it is. `foreign` = the file is neither: another hand was there;
   * with `isUnplaced` before the new file was ever put in place.
   */
  readonly standing: (
    plan: Plan,
    wanted: 'old' | 'new',
    signal: AbortSignal,
  ) => Promise<{
    readonly file: 'old' | 'new' | 'foreign';
    readonly isUnplaced?: boolean;
    readonly differences: readonly string[];
  }>;
}

/** One kind of balancer. A group that a vendor lacks is absent: an absent capability, never a failing method. */
export interface VendorDriver {
  readonly id: VendorId;
  readonly label: string;
  readonly transports: readonly DeviceAddress['transport'][];
  /** Those of them by which no recording of a real device has gone through the whole scenario: written from manuals alone. */
  readonly untried?: readonly DeviceAddress['transport'][];
  /** Text that must never leave the driver: each match is masked in answers, logs and pictures. */
  readonly secrets: readonly RegExp[];
  /** What is asked of a device that is reached over SSH; nothing but the account unless told. */
  readonly ssh?: SshKind;
  /** Where commands are not run by SSH but typed at a terminal: how it speaks. */
  readonly terminal?: TerminalDialect;
  readonly parse: (files: readonly SourceFile[]) => DeviceModel;
  /** Figures under the names that the configuration has, where those who count know others. */
  readonly named?: (sample: Sample, model: DeviceModel) => Sample;
  /**
   * The base with the changes written in, and nothing else touched: exactly the bytes that say it differ; no change, no byte.
   * Throws CAPABILITY_MISSING where a change has no words in this vendor's language, PLAN_INVALID where its subject is not there.
   */
  readonly edit: (base: readonly SourceFile[], edit: Edit) => readonly SourceFile[];
  readonly open: (session: Session, address: DeviceAddress, tools: DriverTools) => OpenDevice;
}
