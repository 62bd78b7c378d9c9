import { request } from 'node:http';
import { seededChance } from '../../src-main/engine/runtime/chance.ts';
import { Setting } from '../../src-main/engine/http2/frames.ts';
import { openEngine } from '../rigs/engine-process.ts';
import { mutatedAnswer } from '../rigs/http2-member-fuzz.ts';
import { settings } from '../rigs/raw-http2.ts';
import { respond, startRawHttp2Member } from '../rigs/raw-http2-member.ts';

/**
 * Twenty thousand requests whose member answers mutated HTTP/2, 32 at a time: every one is answered or cut, clients get HTTP/1.1 that
 * Node's parser takes, the worker is the same one at the end and serves as before, and nothing is left open or counted as running.
 */
const requests = Math.round(20_000 * Number(process.env['STEELYARD_SCALE'] ?? 1));
const seed = Number(process.env['SEED'] ?? Date.now() % 4_294_967_296);
const chance = seededChance(seed, 0);
const problems: string[] = [];
const statuses = new Map<string, number>();
let isGood = false;
/** What was said to the last requests, newest at the end. */
const said: string[] = [];

const member = await startRawHttp2Member(() => ({
  // Few streams on a connection: what one answer spoils is little.
  greets:
    isGood || chance() < 0.95
      ? settings(Setting.maxConcurrentStreams, chance() < 0.7 ? 1 : 3)
      : mutatedAnswer(1, chance),
  onRequest: (link, { stream }) => {
    const answer = isGood ? respond(stream, [[':status', '200']], 'ok') : mutatedAnswer(stream, chance);
    said.push(answer.toString('hex'));
    if (said.length > 64) said.shift();
    link.send(answer);
  },
}));
const engine = await openEngine({
  version: 1,
  virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
  pools: [
    {
      name: 'app',
      http2: true,
      members: [{ name: 'm', address: '127.0.0.1', port: member.port }],
      retry: { attempts: 0 },
      responseTimeoutMs: 200,
      connectTimeoutMs: 500,
      keepAlive: { idleTimeoutMs: 1000 },
    },
  ],
});
const port = engine.port('web');

function ask(): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request({ port, agent: false, method: chance() < 0.3 ? 'HEAD' : 'GET' }, (response) => {
      let body = '';
      response.setEncoding('latin1').on('data', (text: string) => (body += text));
      response.on('error', () => {
        resolve('cut');
      });
      response.on('end', () => {
        resolve(response.complete ? `${String(response.statusCode)} ${body === 'ok' ? 'ok' : ''}`.trim() : 'cut');
      });
    });
    outgoing.setTimeout(30_000, () => {
      problems.push(`no answer in 30 s; the member had said ${said.join(' ')}`);
      outgoing.destroy();
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('HPE_') === true)
        problems.push(`${error.code}: the member had said ${said.join(' ')}`);
      resolve(error.code ?? 'error');
    });
    outgoing.end();
  });
}

let done = 0;
async function run(): Promise<void> {
  while (done < requests && problems.length < 5) {
    done++;
    const outcome = await ask();
    statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1);
  }
}

await Promise.all(Array.from({ length: 32 }, run));
isGood = true;
// Connections that the member spoiled end by themselves.
for (let tries = 0, last = ''; last !== '200 ok'; tries++) {
  if (tries === 300) {
    problems.push(`afterwards it answered ${last}`);
    break;
  }
  last = await ask();
}
const lost = engine.events.filter(({ event }) => event === 'worker');
if (lost.length > 0) problems.push(JSON.stringify(lost));
for (let tries = 0; ; tries++) {
  const { virtualServers, pools } = await engine.stats();
  const open = [virtualServers[0]?.currentConnections, pools[0]?.members[0]?.currentConnections];
  if (open.every((count) => count === 0)) break;
  if (tries === 300) {
    problems.push(`left are ${open.join()}`);
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
}
await engine.stop();
await member.close();
const counts = [...statuses].map(([outcome, count]) => `${outcome}: ${count}`).join(', ');
process.stdout.write(`${done} requests, ${member.links.length} connections to the member, seed ${seed}; ${counts}\n`);
for (const problem of problems.slice(0, 10)) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
