import type { CallInput } from '$contract/api.ts';
import type { DeviceCertificate } from '$contract/certificates.ts';
import { type Problem, toProblem } from '$contract/errors.ts';
import type { Plan } from '$contract/plan.ts';
import type { Connection } from '../api.ts';

const dayMs = 86_400_000;

/** The certificates of one device: asked for when shown, and again when told to. */
export class CertificateList {
  list = $state.raw<readonly DeviceCertificate[] | undefined>(undefined);
  problem = $state.raw<Problem | undefined>(undefined);
  isAsking = $state(false);
  readonly #connection: Connection;
  #latest = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Those that end first come first; what is known of another device before is not shown for this one. */
  async ask(device: string): Promise<void> {
    const turn = ++this.#latest;
    this.isAsking = true;
    this.problem = undefined;
    try {
      const list = await this.#connection.call('certificates.list', { device });
      if (turn === this.#latest) this.list = list.toSorted((a, b) => endOf(a).localeCompare(endOf(b)));
    } catch (error) {
      if (turn === this.#latest) this.problem = toProblem(error);
    }
    if (turn === this.#latest) this.isAsking = false;
  }
}

/** Whole days until it ends; negative once it has. */
export function daysLeft({ facts }: DeviceCertificate, nowMs: number): number | undefined {
  return facts === undefined ? undefined : Math.floor((Date.parse(facts.notAfter) - nowMs) / dayMs);
}

function endOf({ facts }: DeviceCertificate): string {
  return facts?.notAfter ?? '9999';
}

/** Files as a person picked them, for the one call that takes them to the console. */
export async function readPicked(
  files: readonly File[],
): Promise<NonNullable<CallInput<'certificates.plan'>['files']>> {
  return Promise.all(
    files.map(async (file) => {
      const bytes = new Uint8Array(await file.arrayBuffer());
      return {
        name: file.name.slice(0, 300),
        base64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')),
      };
    }),
  );
}

/** True for a plan that puts a certificate in place: it is reviewed as any other. */
export function isOfCertificate(plan: Plan | undefined): boolean {
  return plan?.changes.some(({ subject }) => subject.kind === 'certificate') === true;
}
