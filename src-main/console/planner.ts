import { randomBytes } from 'node:crypto';
import type { CallInput, CallOutput, Version } from '../contract/api.ts';
import type { NativeFile } from '../contract/console.ts';
import { AppError } from '../contract/errors.ts';
import type { DeviceModel } from '../contract/model.ts';
import type { Edit, Plan } from '../contract/plan.ts';
import { canonical, diffModel } from '../core/plan/diff.ts';
import type { DeviceReading, PlanDraft } from '../vendors/vendor.ts';
import type { DeviceLink } from './device-link.ts';

export interface PlannerTools {
  readonly linkOf: (device: string) => DeviceLink;
  /** Reads the device now; a plan is never made from what was read before. */
  readonly read: (device: string, signal: AbortSignal) => Promise<DeviceReading>;
  readonly now: () => Date;
  readonly versions: {
    readonly list: (device: string) => Promise<readonly Version[]>;
    readonly get: (
      device: string,
      id: number,
    ) => Promise<{ readonly version: Version; readonly files: readonly NativeFile[] }>;
  };
}

const planTimeoutMs = 60_000;

/** Makes plans: of a wish, and of a version from history. Nothing on the device is changed by it. */
export class Planner {
  readonly #tools: PlannerTools;

  constructor(tools: PlannerTools) {
    this.#tools = tools;
  }

  async make(wish: CallInput<'plan.make'>): Promise<CallOutput<'plan.make'>> {
    const signal = AbortSignal.timeout(planTimeoutMs);
    const reading = await this.#tools.read(wish.device, signal);
    const edit = diffModel(reading.model, wish.desired, wish.exact === true ? 'exact' : 'merge');
    if (edit.changes.length === 0) {
      throw new AppError('PLAN_INVALID', `"${wish.device}" is as desired already: there is nothing to change.`);
    }
    const id = newPlanId();
    const link = this.#tools.linkOf(wish.device);
    const draft = await link.device.plan(reading, edit, id, signal);
    return this.#plan(wish.device, link, id, draft, edit, wish.desired, wish.why);
  }

  /** A plan that brings a version of the history back; without a number the one before the current. */
  async makeFromHistory({ device, version }: CallInput<'history.plan'>): Promise<Plan> {
    const signal = AbortSignal.timeout(planTimeoutMs);
    const reading = await this.#tools.read(device, signal);
    const wanted = await this.#wantedVersion(device, reading.fingerprint, version);
    const { files } = await this.#tools.versions.get(device, wanted.id);
    const sources = files.map((file) => ({ path: file.path, bytes: Buffer.from(file.bytes) }));
    const link = this.#tools.linkOf(device);
    const id = newPlanId();
    const then = link.driver.parse(sources);
    const edit = diffModel(link.driver.parse(reading.files), wishOf(then), 'exact');
    const draft =
      link.device.planFiles === undefined
        ? await planOfModel(link, reading, edit, then, id, signal)
        : await link.device.planFiles(reading, sources, id, signal);
    const why = `Back to version ${wanted.id} (${wanted.why})`;
    return this.#plan(device, link, id, draft, edit, {}, why);
  }

  async #wantedVersion(device: string, fingerprint: string, version: number | undefined): Promise<Version> {
    const versions = await this.#tools.versions.list(device);
    const wanted = versions.find((other) =>
      version === undefined ? other.fingerprint !== fingerprint : other.id === version,
    );
    if (!wanted) {
      const which = version === undefined ? 'no version other than the one that runs' : `no version ${version}`;
      throw new AppError('NOT_FOUND', `The history of "${device}" holds ${which}.`);
    }
    if (wanted.fingerprint === fingerprint) {
      throw new AppError(
        'PLAN_INVALID',
        `Version ${wanted.id} of "${device}" is the one that is there: nothing to change.`,
      );
    }
    return wanted;
  }

  #plan(
    device: string,
    link: DeviceLink,
    id: string,
    draft: PlanDraft,
    edit: Edit,
    desired: Plan['desired'],
    why: string | undefined,
  ): Plan {
    return {
      version: 1,
      id,
      device,
      vendor: link.driver.id,
      createdAt: this.#tools.now().toISOString(),
      ...(why === undefined ? {} : { why }),
      desired,
      changes: [...edit.changes],
      ...draft,
    };
  }
}

/** Back to what the model knows of a version; what it does not know stays, and is told. */
async function planOfModel(
  link: DeviceLink,
  reading: DeviceReading,
  edit: Edit,
  then: DeviceModel,
  id: string,
  signal: AbortSignal,
): Promise<PlanDraft> {
  const [now, before] = [reading.model, then].map(({ unmodelled }) => canonical(unmodelled.map(({ text }) => text)));
  const others = now !== before;
  const stays =
    'What else that version holds, not modelled here, is not brought back: compare the versions line by line.';
  if (edit.changes.length === 0) {
    throw new AppError(
      'PLAN_INVALID',
      `Of what is balanced nothing differs from that version. ${others ? stays : ''}`.trim(),
    );
  }
  const draft = await link.device.plan(reading, edit, id, signal);
  return others ? { ...draft, warnings: [...draft.warnings, stays] } : draft;
}

function wishOf(model: DeviceModel): Plan['desired'] {
  const { virtualServers, pools, monitors, certificates } = model;
  return { virtualServers, pools, monitors, certificates };
}

/** Names the files that a push leaves beside the live ones, so it is short and of harmless letters. */
export function newPlanId(): string {
  return randomBytes(6).toString('hex');
}
