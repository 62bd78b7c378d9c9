import { AppError } from '../../../contract/errors.ts';
import type { Command, Plan, Step } from '../../../contract/plan.ts';
import type { HostSession } from '../../../transports/transport.ts';
import { findReload } from '../discover-reload.ts';
import { lossesOf } from '../plan-losses.ts';
import { type PlanContext, reloadSteps } from '../plan.ts';
import type { ReloadPlan } from '../plan-reload.ts';
import { mostPayloadBytes } from './transaction.ts';
import { cutsEndings } from './uses.ts';

export interface CertificateContext extends PlanContext {
  readonly handshake?: HostSession['handshake'];
}

/** How a change of certificates comes into force, and back. */
export interface Way {
  readonly cost: Plan['cost'];
  readonly tries: readonly Step[];
  readonly steps: readonly Step[];
  readonly revert: readonly Step[];
  /** The way back as the host goes it alone. */
  readonly backAlone: readonly Command[];
  readonly losses: readonly string[];
  readonly warnings: readonly string[];
}

/** Why the running process cannot be given it; undefined where it can. */
export function whyNotAtRunTime(
  { reading, look }: CertificateContext,
  payloads: readonly Buffer[],
  name: string,
): string | undefined {
  const missing = reading.facts.capabilities.find((one) => one.id === 'run-time' && !one.isPresent);
  if (missing) return missing.why ?? 'the socket does not allow it';
  // `set ssl cert` takes such an ending for the kind of its payload and looks for the name without it (tried with 2.6).
  const [, ending] = /\.(crt|key|ocsp|sctl|issuer)$/.exec(name) ?? [];
  if (ending !== undefined && !cutsEndings(look.files, look.surroundings)) {
    return `"set ssl cert" finds no name that ends in .${ending} without ssl-load-extra-del-ext`;
  }
  const longest = Math.max(...payloads.map((bytes) => bytes.length));
  if (longest <= mostPayloadBytes) return undefined;
  return `key and chain have ${longest} bytes, and a running process takes ${mostPayloadBytes} in one command`;
}

/** The reload that brings the files into force, with its way back. Throws CAPABILITY_MISSING where the account has none. */
export async function reloadWay(context: CertificateContext, mark: string, why: string): Promise<Way> {
  const { host, look, signal } = context;
  const reload = await findReload(host, look.site, look.config.facts, { signal });
  const { instance } = look.site;
  if (reload.way === 'none' || instance === undefined) {
    const whyNone = reload.way === 'none' ? reload.why : 'no HAProxy runs with this file';
    throw new AppError('CAPABILITY_MISSING', `The change needs a reload (${why}), and ${whyNone}. Nothing was sent.`);
  }
  const { environment } = look;
  const { listenersFrom } = look.config;
  const plan: ReloadPlan = { reload, instance, mark, environment, listenersFrom };
  return {
    cost: 'reload',
    tries: [],
    ...reloadSteps(host, plan),
    losses: lossesOf(look.config.facts),
    warnings: [`At run time it cannot be changed: ${why}. So the change needs a reload.`],
  };
}

/** Left beside the certificate just before a reload is asked for. */
export function markOf(beside: string): string {
  return `${beside}.reload`;
}
