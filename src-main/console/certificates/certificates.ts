import type { CallInput } from '../../contract/api.ts';
import type { CertificateFacts, DeviceCertificate } from '../../contract/certificates.ts';
import { AppError } from '../../contract/errors.ts';
import type { Change, Plan, PushState } from '../../contract/plan.ts';
import type { Secrets } from '../../store/secrets.ts';
import type { CertificateDraft, DeviceCertificates, DeviceReading } from '../../vendors/vendor.ts';
import type { DeviceLink } from '../device-link.ts';
import { newPlanId } from '../planner.ts';
import { readMaterial } from './material.ts';

export interface CertificatesTools {
  readonly linkOf: (device: string) => DeviceLink;
  readonly read: (device: string, signal: AbortSignal) => Promise<DeviceReading>;
  readonly now: () => Date;
  readonly secrets: Pick<Secrets, 'get' | 'put'>;
}

/** What a plan needs and must not hold: gone when the plan has ended, or when this console does. */
interface Held {
  readonly device: string;
  readonly name: string;
  readonly draft: CertificateDraft;
}

const timeoutMs = 60_000;
/** Plans that were made and never pushed. */
const mostHeld = 20;

/** Certificates of devices: what is there, plans that renew them, and the keys between the two. */
export class Certificates {
  readonly #tools: CertificatesTools;
  readonly #held = new Map<string, Held>();
  /** The last one by device. */
  readonly #sealing = new Map<string, Promise<void>>();

  constructor(tools: CertificatesTools) {
    this.#tools = tools;
  }

  async list(device: string): Promise<readonly DeviceCertificate[]> {
    const signal = AbortSignal.timeout(timeoutMs);
    const { certificates } = this.#waysOf(device);
    const list = await certificates.list(await this.#tools.read(device, signal), signal);
    const previous = await this.#previous(device);
    return list.map((one) => (previous[one.name] === undefined ? one : { ...one, hasPrevious: true }));
  }

  /** A plan as any other, but for the key, which stays here. Throws CERTIFICATE_INVALID for what does not belong together. */
  async plan({
    device,
    name,
    files,
    passphrase,
    isShortChainGood,
    add,
    why,
  }: CallInput<'certificates.plan'>): Promise<Plan> {
    const signal = AbortSignal.timeout(timeoutMs);
    const { link, certificates } = this.#waysOf(device);
    if (add !== undefined && files === undefined) {
      throw new AppError('INPUT_INVALID', 'A new certificate takes the files of its key and its chain.');
    }
    const material =
      files === undefined
        ? readMaterial([{ name: 'the certificate before', bytes: await this.#previousOf(device, name) }], {
            now: this.#tools.now(),
            isShortChainGood: true,
          })
        : readMaterial(
            files.map((file) => ({ name: file.name, bytes: Buffer.from(file.base64, 'base64') })),
            { now: this.#tools.now(), passphrase, isShortChainGood },
          );
    const id = newPlanId();
    const reading = await this.#tools.read(device, signal);
    const made =
      add === undefined
        ? await certificates.plan(reading, name, material, id, signal)
        : await addWayOf(link, certificates)(reading, { name, list: add.list }, material, id, signal);
    this.#hold(id, { device, name, draft: made });
    return {
      version: 1,
      id,
      device,
      vendor: link.driver.id,
      createdAt: this.#tools.now().toISOString(),
      ...(why === undefined ? {} : { why }),
      desired: {},
      changes: [...changesOf(name, made.prior, material.facts), ...ocspChanges(name, made)],
      ...made.draft,
    };
  }

  /** Bytes for a command of a plan that was made here. */
  readonly secretOf = (id: string): Buffer | undefined => this.#held.get(id.split('/')[0] ?? '')?.draft.secrets.get(id);

  /** A push has ended: its key goes, and of a kept one the certificate before is sealed, so that it can be put back later. */
  async ended({ id, phase }: PushState): Promise<void> {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    const { previous } = held.draft;
    if (phase !== 'kept' || previous === undefined) return;
    const sealing = this.#seal(held, previous);
    // Who asks for it meanwhile waits; that it failed is told to whoever waits for this call.
    this.#sealing.set(
      held.device,
      sealing.catch(() => undefined),
    );
    await sealing;
  }

  async #seal({ device, name }: Held, previous: Buffer): Promise<void> {
    const all = { ...(await this.#previous(device)), [name]: previous.toString('base64') };
    await this.#tools.secrets.put(certificatesName(device), JSON.stringify(all));
  }

  #hold(id: string, held: Held): void {
    const [oldest] = this.#held.keys();
    if (this.#held.size >= mostHeld && oldest !== undefined) this.#held.delete(oldest);
    this.#held.set(id, held);
  }

  #waysOf(device: string): { readonly link: DeviceLink; readonly certificates: DeviceCertificates } {
    const link = this.#tools.linkOf(device);
    const { certificates } = link.device;
    if (certificates !== undefined) return { link, certificates };
    throw new AppError(
      'CAPABILITY_MISSING',
      `Certificates of ${link.driver.label} can be neither listed nor renewed from here yet.`,
    );
  }

  async #previousOf(device: string, name: string): Promise<Buffer> {
    const sealed = (await this.#previous(device))[name];
    if (sealed !== undefined) return Buffer.from(sealed, 'base64');
    throw new AppError('NOT_FOUND', `No certificate from before is held for "${name}" of "${device}": pick its files.`);
  }

  /** Of a push that was kept just now, too. */
  async #previous(device: string): Promise<Readonly<Record<string, string>>> {
    await this.#sealing.get(device);
    const text = await this.#tools.secrets.get(certificatesName(device));
    return text === undefined ? {} : (JSON.parse(text) as Record<string, string>); // written by `ended` alone
  }
}

function addWayOf({ driver }: DeviceLink, { add }: DeviceCertificates): NonNullable<DeviceCertificates['add']> {
  if (add !== undefined) return add;
  throw new AppError('CAPABILITY_MISSING', `New certificates cannot be given to ${driver.label} from here yet.`);
}

/** Under which name a device's certificates from before are sealed. */
export function certificatesName(device: string): string {
  return `${device}/certificates`;
}

function changesOf(name: string, prior: CertificateFacts | undefined, desired: CertificateFacts): Change[] {
  const keys = ['serial', 'notAfter', 'names'] as const;
  return keys
    .filter((key) => JSON.stringify(prior?.[key]) !== JSON.stringify(desired[key]))
    .map((key) => ({
      action: prior === undefined ? ('create' as const) : ('update' as const),
      subject: { kind: 'certificate' as const, path: [name] },
      key,
      prior: prior?.[key],
      desired: desired[key],
    }));
}

function ocspChanges(name: string, { prior, ocsp }: CertificateDraft): Change[] {
  if (ocsp === undefined) return [];
  const action = prior === undefined ? 'create' : 'update';
  return [
    { action, subject: { kind: 'certificate', path: [name] }, key: 'ocsp', prior: ocsp.prior, desired: ocsp.desired },
  ];
}
