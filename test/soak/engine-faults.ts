import { readdirSync, readFileSync } from 'node:fs';
import { openEngine } from '../rigs/engine-process.ts';
import { answering, speak, startRawMember } from '../rigs/raw-http.ts';

/**
 * Ten minutes of mixed faults at load: members that refuse, reset before and in their response, hang, answer garbage and
 * drip, clients that go away. Afterwards nothing hangs, memory is within 5 % of what it was after the first tenth, and no
 * descriptor is open that was not open before.
 */
const durationMs = 600_000 * Number(process.env['STEELYARD_SCALE'] ?? 1);
const clients = 32;

const members = [
  await startRawMember(answering('x'.repeat(2000))),
  await startRawMember((socket) => socket.resetAndDestroy()),
  await startRawMember((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\npart', () => socket.resetAndDestroy());
  }),
  await startRawMember(() => undefined),
  await startRawMember((socket) => socket.write('SSH-2.0-OpenSSH\r\n')),
  await startRawMember((socket) => {
    let left = 40;
    const timer = setInterval(() => {
      if (left-- > 0 && !socket.destroyed)
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx'.charAt(39 - left));
      else clearInterval(timer);
    }, 2);
  }),
];
const gone = await startRawMember(() => undefined);
await gone.close();

const engine = await openEngine({
  version: 1,
  virtualServers: [
    { name: 'web', listen: ['127.0.0.1:0'], pool: 'app', http: { clientTimeoutMs: 1000, headerTimeoutMs: 500 } },
  ],
  pools: [
    {
      name: 'app',
      members: [...members, gone].map((member, index) => ({
        name: `m${index}`,
        address: '127.0.0.1',
        port: member.port,
      })),
      responseTimeoutMs: 300,
      connectTimeoutMs: 300,
    },
  ],
});
const [worker = 0] = engine.ready.workers;
const port = engine.port('web');
const requests = [
  'GET /a HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello',
  'POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'GET /d HTTP/1.1\r\nHost: x\r\n\r\nGET /e HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  'GET /f HTTP/1.1\r\nHo',
  'GARBAGE\r\n\r\n',
  'POST /g HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhalf',
] as const;

let exchanges = 0;
let open = 0;

async function load(untilMs: number): Promise<void> {
  for (let turn = 0; performance.now() < untilMs; turn++) {
    const text = requests[(exchanges + turn) % requests.length] ?? '';
    // Some clients leave as soon as anything has come, some after a moment whatever happens.
    const spoken = await speak(port, text, turn % 5 === 0 ? { timeoutMs: 20 } : { until: 'HTTP/1.1', timeoutMs: 5000 });
    if (turn % 5 !== 0 && spoken.ending === 'open' && spoken.text === '') open++;
    exchanges++;
  }
}

async function run(forMs: number): Promise<{ readonly rssKib: number; readonly descriptors: number }> {
  const untilMs = performance.now() + forMs;
  await Promise.all(Array.from({ length: clients }, () => load(untilMs)));
  await new Promise((resolve) => setTimeout(resolve, 3000)); // every time-out has passed, what lingers is gone
  const status = readFileSync(`/proc/${worker}/status`, 'utf8');
  return { rssKib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]), descriptors: readdirSync(`/proc/${worker}/fd`).length };
}

const idle = readdirSync(`/proc/${worker}/fd`).length;
const before = await run(durationMs / 10);
const after = await run((durationMs * 9) / 10);
const stats = await engine.stats();
const busy = stats.pools[0]?.currentConnections ?? -1;
await engine.stop();
await Promise.all(members.map((member) => member.close()));
const growth = after.rssKib / before.rssKib;
// Idle keep-alive connections to members may be open: at most one pool of them for the member that serves.
const leaked = after.descriptors - Math.max(idle + clients, before.descriptors);
process.stdout.write(
  `${exchanges} exchanges, ${open} unanswered, ${busy} still busy, descriptors ${idle} -> ${before.descriptors} -> ${after.descriptors}, memory x ${growth.toFixed(3)}\n`,
);
process.exitCode = open === 0 && busy === 0 && leaked <= 0 && (growth < 1.05 || durationMs < 60_000) ? 0 : 1;
