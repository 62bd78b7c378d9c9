import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Desired, Monitor } from '../../src-main/contract/model.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';

/** A member by script: it answers each thing it is told, and keeps what it heard. */
interface Scripted {
  readonly port: number;
  readonly heard: string[];
  readonly close: () => void;
}

async function startScripted(answer: (heard: string) => string | undefined): Promise<Scripted> {
  const heard: string[] = [];
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined); // a check ends as it likes
    socket.on('data', (chunk) => {
      heard.push(chunk.toString('latin1'));
      const text = answer(chunk.toString('latin1'));
      if (text !== undefined) socket.write(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's
  return { port, heard, close: () => void server.close() };
}

function http(status: number): string {
  return `HTTP/1.1 ${status} As told\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok`;
}

/** Checks of a running HAProxy through plan and apply, each proved by what the members heard and what HAProxy says of them. */
describe.skipIf(isMissing('haproxy', 'sshd', 'socat'))(
  'health checks of a running HAProxy',
  { timeout: 240_000 },
  () => {
    let site: Site;
    let called: CalledConsole;
    let good: Scripted;
    let bad: Scripted;
    let redis: Scripted;
    let agent: Scripted;
    let role = 'master';
    let agentSays = 'up';
    beforeAll(async () => {
      good = await startScripted((heard) => (heard.startsWith('GET ') ? http(200) : undefined));
      bad = await startScripted((heard) => (heard.startsWith('GET ') ? http(503) : undefined));
      redis = await startScripted((heard) => {
        if (heard === 'PING\r\n') return '+PONG\r\n';
        return heard === 'info replication\r\n' ? `$22\r\nrole:${role}\r\n` : '+OK\r\n';
      });
      agent = await startScripted(() => `${agentSays}\n`);
      site = await startSite({
        more: `backend web
    server good 127.0.0.1:${good.port} check inter 100ms rise 1 fall 1
    server bad 127.0.0.1:${bad.port} check inter 100ms rise 1 fall 1   # the odd one

backend store
    server r 127.0.0.1:${redis.port}

backend led
    server l 127.0.0.1:${good.port} check inter 100ms`,
      });
      called = await openCalledConsole(site.dataDir);
      await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    });
    afterAll(async () => {
      await called.console.close();
      await site.close();
      for (const server of [good, bad, redis, agent]) server.close();
    });

    async function push(desired: Desired): Promise<Plan> {
      const plan = await called.call('plan.make', { device: 'lb', desired });
      await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
      const state = await called.pushIn(plan.id, ['waiting', ...endPhases]);
      expect(state.phase, `${state.problem?.detail ?? ''} ${state.problem?.raw ?? ''}`).toBe('waiting');
      return plan;
    }
    async function end(plan: Plan, how: 'keep' | 'revert'): Promise<void> {
      await called.call(`push.${how}`, { device: 'lb' });
      expect((await called.pushIn(plan.id, endPhases)).phase).toBe(how === 'keep' ? 'kept' : 'reverted');
    }
    /** What HAProxy says of a server, by its own columns. */
    async function says(pool: string, server: string, ...columns: readonly string[]): Promise<string> {
      const [head = [], ...rows] = (await site.haproxy.ask('show stat')).split('\n').map((line) => line.split(','));
      const row = rows.find((cells) => cells[0] === pool && cells[1] === server);
      return columns
        .map((column) => row?.[head.indexOf(column)] ?? '')
        .join(' ')
        .replace('* ', '');
    }
    async function becomes(pool: string, server: string, wanted: RegExp, ...columns: readonly string[]): Promise<void> {
      await expect.poll(() => says(pool, server, ...columns), { timeout: 20_000 }).toMatch(wanted);
    }
    async function monitor(name: string): Promise<Monitor | undefined> {
      const { model } = await called.call('devices.read', { device: 'lb' });
      return model.monitors.find((each) => each.name === name);
    }

    test('from a connection to a request: the member that fails it goes down and says why, the revert brings it back', async () => {
      const before = site.haproxy.readConfig();
      await becomes('web', 'bad', /^UP L4OK/, 'status', 'check_status');
      const wish = {
        name: 'web/check',
        type: 'http' as const,
        method: 'GET',
        path: '/ready',
        httpVersion: '1.1',
        host: 'web.example',
        expectStatus: ['200'],
      };
      const plan = await push({ monitors: [wish] });
      expect(plan.hunks.map(({ text }) => text).join('')).toContain(
        '+    http-check send meth GET uri /ready ver HTTP/1.1 hdr Host web.example',
      );
      await becomes('web', 'bad', /^DOWN L7STS 503/, 'status', 'check_status', 'check_code');
      await becomes('web', 'good', /^UP L7OK 200/, 'status', 'check_status', 'check_code');
      expect(bad.heard.at(-1)).toMatch(/^GET \/ready HTTP\/1\.1\r\nhost: web\.example\r\n/i);
      expect(await monitor('web/check')).toEqual({ ...wish, intervalMs: 100, rise: 1, fall: 1 });
      await end(plan, 'revert');
      await becomes('web', 'bad', /^UP L4OK/, 'status', 'check_status');
      expect(site.haproxy.readConfig()).toBe(before);
    });

    test('a dialogue asks step by step, and what it does not hear takes the member out by its comment', async () => {
      const steps = [
        { send: 'PING\\r\\n' },
        { expect: '+PONG' },
        { send: 'info replication\\r\\n' },
        { expect: 'role:master', comment: 'is no master' },
        { send: 'QUIT\\r\\n' },
        { expect: '+OK' },
      ];
      const plan = await push({
        monitors: [{ name: 'store/check', type: 'tcp-send-expect', steps, intervalMs: 100, rise: 1, fall: 1 }],
      });
      await becomes('store', 'r', /^UP L7OK/, 'status', 'check_status');
      expect(redis.heard.join('|')).toContain('PING\r\n|info replication\r\n|QUIT\r\n');
      role = 'slave';
      await becomes('store', 'r', /^DOWN L7TOUT.*is no master/, 'status', 'check_status', 'last_chk');
      role = 'master';
      await becomes('store', 'r', /^UP/, 'status');
      await end(plan, 'keep');
      expect((await monitor('store/check'))?.steps).toEqual(steps);
    });

    test('an agent that says drain drains its member, and brings it back', async () => {
      const plan = await push({
        monitors: [{ name: 'led/agent', type: 'agent', port: agent.port, intervalMs: 100, send: 'who\\n' }],
      });
      await becomes('led', 'l', /^UP L7OK/, 'status', 'agent_status');
      agentSays = 'drain';
      await becomes('led', 'l', /^DRAIN/, 'status');
      expect(agent.heard.at(-1)).toBe('who\n');
      agentSays = 'ready up';
      await becomes('led', 'l', /^UP/, 'status');
      await end(plan, 'revert');
      await becomes('led', 'l', /^UP $/, 'status', 'agent_status');
    });

    test('a check goes to another port at run time, without a reload, and back', async () => {
      const [pid, before] = [await site.haproxy.answeringPid(), site.haproxy.readConfig()];
      await becomes('web', 'good', /^UP L4OK/, 'status', 'check_status');
      const plan = await push({ monitors: [{ name: 'web/check', type: 'tcp', port: 1 }] });
      expect(plan.cost).toBe('runtime');
      const shown = plan.steps.flatMap(({ commands }) => commands.map((command) => command.shown)).join('\n');
      expect(shown).toContain('set server web/good check-port 1');
      expect(site.haproxy.readConfig()).toMatch(/server good .* port 1\n/);
      await becomes('web', 'good', /^DOWN L4CON/, 'status', 'check_status');
      await end(plan, 'revert');
      await becomes('web', 'good', /^UP L4OK/, 'status', 'check_status');
      expect(site.haproxy.readConfig()).toBe(before);
      expect(await site.haproxy.answeringPid()).toBe(pid);
    });

    test('what HAProxy refuses in a step changes nothing, and its own words are shown', async () => {
      const before = site.haproxy.readConfig();
      const wish = { name: 'store/check', type: 'tcp-send-expect' as const, steps: [{ native: 'send-nonsense now' }] };
      const plan = await called.call('plan.make', { device: 'lb', desired: { monitors: [wish] } });
      await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
      const state = await called.pushIn(plan.id, endPhases);
      expect(state).toMatchObject({ phase: 'refused', problem: { code: 'COMMAND_REJECTED' } });
      expect(state.problem?.raw).toContain('send-nonsense');
      expect(site.haproxy.readConfig()).toBe(before);
    });
  },
);
