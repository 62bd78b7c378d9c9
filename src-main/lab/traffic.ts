import { Agent, type IncomingMessage, request as openRequest } from 'node:http';

export interface TrafficOptions {
  readonly host: string;
  readonly port: number;
  /** Numbers in [0, 1): arrival times, paths and sizes all come from here. */
  readonly chance: () => number;
  /** The rate swings slowly between these two, so that a chart shows life. Default 20 and 40. */
  readonly lowestPerSecond?: number;
  readonly highestPerSecond?: number;
}

/** What the clients saw. `sent` = answered + failed + inFlight; `skipped` were not sent, since too many were in flight. */
export interface TrafficCounts {
  readonly sent: number;
  readonly inFlight: number;
  readonly skipped: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly byBackend: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly bodyBytes: number;
}

export interface Traffic {
  readonly counts: () => TrafficCounts;
  /** No further request; resolves when the last answer is in, so that all counts are final. */
  readonly drain: () => Promise<void>;
  readonly resume: () => void;
  readonly stop: () => void;
}

const swingMs = 60_000;
const mostInFlight = 200;
const timeoutMs = 10_000;
/** Below the 60 s after which the other side ends an idle connection: a request must never meet that end. */
const idleMs = 20_000;
/** Behind by more than this (the machine slept), the missed arrivals are dropped instead of sent in one burst. */
const mostBehindMs = 1000;

/** Open-loop clients on keep-alive connections: requests arrive at random (Poisson) whether or not earlier ones were answered. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { chance, lowestPerSecond = 20, highestPerSecond = 40 } = options;
  const agent = new Agent({ keepAlive: true, scheduling: 'lifo', timeout: idleMs });
  const sums = { sent: 0, inFlight: 0, skipped: 0, bodyBytes: 0 };
  const statuses: Record<string, number> = {};
  const byBackend: Record<string, number> = {};
  const failures: Record<string, number> = {};
  const waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let nextAt = 0;

  function plan(): void {
    const now = performance.now();
    if (now - nextAt > mostBehindMs) nextAt = now;
    const middle = (lowestPerSecond + highestPerSecond) / 2;
    const rate = middle + (highestPerSecond - middle) * Math.sin((2 * Math.PI * now) / swingMs);
    nextAt += (-Math.log(1 - chance()) / rate) * 1000;
    timer = setTimeout(
      () => {
        if (sums.inFlight < mostInFlight) void send();
        else sums.skipped++;
        plan();
      },
      Math.max(nextAt - now, 0),
    );
  }

  async function send(): Promise<void> {
    sums.sent++;
    sums.inFlight++;
    try {
      const answer = await exchange(options, agent, choosePath(chance));
      add(statuses, String(answer.status));
      if (answer.backend !== undefined) add(byBackend, answer.backend);
      sums.bodyBytes += answer.bytes;
    } catch (error) {
      add(failures, error instanceof Error && 'code' in error ? String(error.code) : String(error));
    }
    if (--sums.inFlight === 0) for (const resolve of waiting.splice(0)) resolve();
  }

  plan();
  return {
    counts: () => ({
      ...sums,
      statuses: { ...statuses },
      byBackend: { ...byBackend },
      failures: { ...failures },
    }),
    drain: () => {
      clearTimeout(timer);
      timer = undefined;
      return new Promise((resolve) => {
        if (sums.inFlight === 0) resolve();
        else waiting.push(resolve);
      });
    },
    resume: () => {
      if (timer === undefined) plan();
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
      agent.destroy();
    },
  };
}

/** Mostly small API calls, some pages, now and then a download. */
function choosePath(chance: () => number): string {
  const kind = chance();
  const size = chance();
  if (kind < 0.8) return `/api/orders?bytes=${200 + Math.floor(size * 1800)}`;
  if (kind < 0.98) return `/page?bytes=${4000 + Math.floor(size * 36_000)}`;
  return `/download?bytes=${200_000 + Math.floor(size * 400_000)}`;
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

interface Answer {
  readonly status: number;
  readonly backend: string | undefined;
  readonly bytes: number;
}

function exchange({ host, port }: TrafficOptions, agent: Agent, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = openRequest({ host, port, agent, path, signal: AbortSignal.timeout(timeoutMs) });
    request.on('error', reject);
    request.on('response', (response) => {
      readAnswer(response).then(resolve, reject);
    });
    request.end();
  });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length; // no encoding is set
  const backend = response.headers['x-backend'];
  return { status: response.statusCode ?? 0, backend: typeof backend === 'string' ? backend : undefined, bytes };
}
