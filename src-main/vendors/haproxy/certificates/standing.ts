import { AppError } from '../../../contract/errors.ts';
import type { Plan } from '../../../contract/plan.ts';
import type { TlsTarget } from '../../../transports/transport.ts';
import type { Host } from '../driver-host.ts';
import type { HandshakeTools } from './handshake.ts';
import { quote } from '../driver-shell.ts';
import { damaged, listOf, recordOf, textOf } from '../standing.ts';
import { placeOf, servedAt } from './handshake.ts';
import { showCertificate } from './list.ts';
import type { ShownCertificate } from './show-cert.ts';
import { answerKey, isOver, notStapled, stapledTo } from './stapled.ts';

/** What a plan keeps in its `driver` field for recovery; digests and paths, nothing secret. */
export interface CertificateFactsOfPlan {
  readonly kind: 'certificate';
  /** `before` is `absent` where there is no such file before. */
  readonly files: readonly { readonly real: string; readonly before: string; readonly after: string }[];
  readonly socket: string;
  readonly name: string;
  /** The process knows no such name before. */
  readonly isNew?: boolean;
  /** SHA-1 that the process tells; absent where it told none. */
  readonly sha1: { readonly old?: string; readonly new?: string };
  /** SHA-256 that handshakes show. */
  readonly sha256: { readonly old: string; readonly new: string };
  readonly handshakes: readonly TlsTarget[];
  /** Answers that the process tells of (`answerKey`, or `none`); absent where nothing is asked of it. */
  readonly ocsp?: { readonly old?: string; readonly new?: string };
}

interface StandingContext extends HandshakeTools {
  readonly host: Host;
}
interface Standing {
  readonly file: 'old' | 'new' | 'foreign';
  readonly differences: readonly string[];
}

const patienceMs = 20_000;
const pauseMs = 100;

/** What stands in a plan for the hash of a file that is not there. */
export const absent = 'absent';

/** Files by hash, the running process by its own words, and what clients get by a handshake with each bind. */
export async function findCertificateStanding(
  context: StandingContext,
  plan: Plan,
  wanted: 'old' | 'new',
): Promise<Standing> {
  const { host, tools, signal } = context;
  const facts = readFacts(plan.driver);
  const file = await findFiles(host, facts, wanted, signal);
  if (file !== wanted) {
    const what = file === 'foreign' ? 'neither the old nor the new ones' : `not all the ${wanted} ones`;
    return { file, differences: [`the certificate's files are ${what}`] };
  }
  for (let sleptMs = 0; ; sleptMs += pauseMs) {
    const differences = await runningDifferences(context, facts, wanted);
    if (differences.length === 0 || sleptMs >= patienceMs) return { file, differences };
    await tools.sleep(pauseMs, signal);
  }
}

/** Files that are partly old and partly new are not the wanted ones, and no other hand's either. */
async function findFiles(
  host: Host,
  { files }: CertificateFactsOfPlan,
  wanted: 'old' | 'new',
  signal: AbortSignal,
): Promise<Standing['file']> {
  const paths = files.map(({ real }) => quote(real)).join(' ');
  const one = `if [ -e "$f" ]; then sha256sum -- "$f" 2>/dev/null || echo unreadable; else echo ${absent}; fi`;
  const { stdout } = await host.run(`for f in ${paths}; do ${one}; done`, { signal });
  const hashes = stdout.toString().split('\n');
  const states = files.map(({ before, after }, index) => {
    const hash = hashes[index]?.slice(0, 64); // a hash, or a word that is shorter
    return hash === before ? 'old' : hash === after ? 'new' : 'foreign';
  });
  if (states.includes('foreign')) return 'foreign';
  if (states.every((state) => state === wanted)) return wanted;
  return wanted === 'new' ? 'old' : 'new';
}

async function runningDifferences(
  context: StandingContext,
  facts: CertificateFactsOfPlan,
  wanted: 'old' | 'new',
): Promise<readonly string[]> {
  const { host, tools, signal } = context;
  const differences: string[] = [];
  const sha1 = facts.sha1[wanted];
  const isGone = facts.isNew === true && wanted === 'old';
  if (sha1 !== undefined || isGone) {
    const shown = await shownOf(context, facts);
    if ('why' in shown) return [shown.why];
    if (shown.certificate?.facts.sha1 !== sha1) {
      const what = isGone ? 'still has a certificate' : `has not the ${wanted} certificate`;
      differences.push(`the running process ${what} under ${facts.name}`);
    }
    const key = isGone ? undefined : facts.ocsp?.[wanted];
    if (key !== undefined && !isOver(key, tools.now())) {
      const running = await stapledTo(host, facts.socket, shown.certificate, signal);
      const has = typeof running === 'object' ? answerKey(running) : running;
      const what = key === notStapled ? 'staples an OCSP answer' : `does not staple the ${wanted} OCSP answer`;
      if (has !== key) differences.push(`the running process ${what} to ${facts.name}`);
    }
  }
  for (const target of facts.handshakes) {
    const served = await servedAt(context, target);
    if (isGone) {
      const isServed = 'sha256' in served && served.sha256 === facts.sha256.new;
      if (isServed) differences.push(`${placeOf(target)} still serves the new certificate`);
    } else if ('why' in served) differences.push(`${placeOf(target)} shows no certificate: ${served.why}`);
    else if (served.sha256 !== facts.sha256[wanted]) {
      differences.push(`${placeOf(target)} does not serve the ${wanted} certificate`);
    }
  }
  return differences;
}

async function shownOf(
  { host, signal }: StandingContext,
  { socket, name }: CertificateFactsOfPlan,
): Promise<{ readonly certificate: ShownCertificate | undefined } | { readonly why: string }> {
  try {
    return { certificate: await showCertificate(host, socket, name, signal) };
  } catch (error) {
    // Between two processes the socket may be gone.
    if (error instanceof AppError && error.code === 'NOT_FOUND') return { why: `nobody answers at ${socket}` };
    throw error;
  }
}

/** Throws PLAN_INVALID where a hand has changed their shape. */
function readFacts(driver: Plan['driver']): CertificateFactsOfPlan {
  const { files, socket, name, isNew, sha1, sha256, handshakes, ocsp } = driver;
  const [first, second] = [recordOf(sha1), recordOf(sha256)];
  return {
    kind: 'certificate',
    files: listOf(files).map((one) => {
      const { real, before, after } = recordOf(one);
      return { real: textOf(real), before: textOf(before), after: textOf(after) };
    }),
    socket: textOf(socket),
    name: textOf(name),
    ...(isNew === true ? { isNew } : {}),
    sha1: pairOf(first),
    ...(ocsp === undefined ? {} : { ocsp: pairOf(recordOf(ocsp)) }),
    sha256: { old: textOf(second['old']), new: textOf(second['new']) },
    handshakes: listOf(handshakes).map((one) => {
      const { host, port, serverName } = recordOf(one);
      if (typeof port !== 'number') throw damaged();
      return { host: textOf(host), port, ...(serverName === undefined ? {} : { serverName: textOf(serverName) }) };
    }),
  };
}

function pairOf(pair: ReturnType<typeof recordOf>): { readonly old?: string; readonly new?: string } {
  return {
    ...(pair['old'] === undefined ? {} : { old: textOf(pair['old']) }),
    ...(pair['new'] === undefined ? {} : { new: textOf(pair['new']) }),
  };
}
