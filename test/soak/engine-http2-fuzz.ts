import { connect } from 'node:net';
import { seededChance } from '../../src-main/engine/runtime/chance.ts';
import { openEngine } from '../rigs/engine-process.ts';
import { misheard, mutatedSession } from '../rigs/http2-fuzz.ts';
import { answering, speak, startRawMember } from '../rigs/raw-http.ts';

/**
 * A hundred thousand mutated HTTP/2 sessions, each cut into pieces at random, 32 at a time: every connection ends once its client has
 * ended, members hear well-formed HTTP/1.1 only, the worker is the same one at the end, and nothing is left open.
 */
const sessions = Math.round(100_000 * Number(process.env['STEELYARD_SCALE'] ?? 1));
const seed = Number(process.env['SEED'] ?? Date.now() % 4_294_967_296);
const chance = seededChance(seed, 0);
const problems: string[] = [];

const member = await startRawMember(answering('ok'));
const engine = await openEngine({
  version: 1,
  virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', http: { http2: true } }],
  pools: [{ name: 'app', members: [{ name: 'm', address: '127.0.0.1', port: member.port }], retry: { attempts: 0 } }],
});
const port = engine.port('web');

let done = 0;
async function run(): Promise<void> {
  while (done < sessions && problems.length < 5) {
    done++;
    await say(mutatedSession(chance));
  }
}

/** Says it in pieces, ends, and waits for the other end. */
function say(bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const timer = setTimeout(() => {
      problems.push(`still open 30 s after its end: ${bytes.toString('hex')}`);
      socket.destroy();
    }, 30_000);
    socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    const cut = chance() < 0.5 ? bytes.length : Math.floor(chance() * bytes.length);
    socket.write(bytes.subarray(0, cut));
    setImmediate(() => socket.end(bytes.subarray(cut)));
  });
}

await Promise.all(Array.from({ length: 32 }, run));
for (const text of member.heard) {
  const wrong = misheard(text);
  if (wrong !== undefined) problems.push(`a member heard ${JSON.stringify(wrong)}`);
}
const after = await speak(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', {
  until: 'ok',
  timeoutMs: 30_000,
});
if (!after.text.startsWith('HTTP/1.1 200 ')) problems.push(`afterwards it answered ${JSON.stringify(after.text)}`);
const lost = engine.events.filter(({ event }) => event === 'worker');
if (lost.length > 0) problems.push(JSON.stringify(lost));
for (let tries = 0; (await engine.stats()).virtualServers[0]?.currentConnections !== 0; tries++) {
  if (tries === 300) {
    problems.push('connections are left');
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
}
await engine.stop();
await member.close();
process.stdout.write(`${done} sessions, ${member.heard.length} connections to the member, seed ${seed}\n`);
for (const problem of problems.slice(0, 10)) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
