import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { challengeAnswer } from '../../../src-main/engine/acme/answer.ts';
import { AcmeKeeper } from '../../../src-main/engine/acme/keeper.ts';
import type { AcmeAnswers, AcmeOrder } from '../../../src-main/engine/acme/messages.ts';
import { certificateId } from '../../../src-main/engine/acme/store.ts';
import { renewAtMs, retryInMs } from '../../../src-main/engine/acme/schedule.ts';
import { loadConfig } from '../../../src-main/engine/config/load.ts';
import { formatProblem } from '../../../src-main/engine/config/problem.ts';
import { resolveSettings } from '../../../src-main/engine/config/settings.ts';
import { readCertificate } from '../../../src-main/engine/tls/certificate.ts';
import { makeSelfSigned } from '../../../src-main/engine/tls/self-signed.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
const acme = '{ acme: { directory: https://ca.example/dir, names: [Www.Example.com, shop.example.com] } }';
const good = `version: 1
virtualServers:
  - { name: plain, listen: ['127.0.0.1:80'], fixedResponse: { status: 200 } }
  - { name: web, listen: ['127.0.0.1:443'], fixedResponse: { status: 200 }, tls: { certificates: [${acme}] } }
`;

function problems(text: string): string[] {
  return loadConfig(text, 'engine.yaml').problems.map(formatProblem);
}

describe('the times of certificates that are issued', () => {
  it('renew when a third of the life is left, earlier by chance', () => {
    const life = { fromMs: 0, untilMs: 90 * dayMs };
    expect(renewAtMs(life, 0) / dayMs).toBeCloseTo(60);
    expect(renewAtMs(life, 0.999) / dayMs).toBeCloseTo(55.5, 1);
  });

  it('try again after two minutes, twice as long each time up to six hours, a quarter more or less by chance', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 20].map((failures) => retryInMs(failures, 0.5) / minuteMs);
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
    expect([retryInMs(1, 0), retryInMs(1, 1)]).toEqual([1.5 * minuteMs, 2.5 * minuteMs]);
  });
});

describe('a self-signed certificate', () => {
  it('belongs to its key, carries every name and no authority', () => {
    const { cert, key } = makeSelfSigned(['www.example.com', 'shop.example.com'], Date.UTC(2030, 0, 2));
    const read = readCertificate('x', cert, key);
    expect(read.names).toEqual(['www.example.com', 'shop.example.com']);
    const parsed = new X509Certificate(cert);
    expect([parsed.verify(parsed.publicKey), parsed.ca]).toEqual([true, false]);
    expect([parsed.validFromDate, parsed.validToDate].map((date) => date.toISOString())).toEqual([
      '2030-01-01T23:00:00.000Z',
      '2030-01-09T00:00:00.000Z',
    ]);
  });
});

describe('the configuration of certificates that are issued', () => {
  it.each([
    ['both files and acme', good.replace('{ acme', '{ certFile: a.pem, acme'), 'has both files and acme'],
    ['a directory in clear text', good.replace('https://', 'http://'), '"http://ca.example/dir" is no https URL'],
    [
      'a wildcard',
      good.replace('Www.Example', "'*.example").replace('.com,', ".com',"),
      '"*.example.com" is a wildcard',
    ],
    ['a name that is none', good.replace('shop.example.com', 'sh_op'), '"sh_op" is no host name'],
    [
      'nowhere to answer',
      good.replaceAll('fixedResponse: { status: 200 }', 'protocol: tcp, pool: a') +
        'pools: [{ name: a, members: [{ address: 127.0.0.1, port: 1 }] }]\n',
      'there is no virtual server with protocol: http',
    ],
  ])('refuses %s', (_what, text, expected) => {
    expect(problems(text).join('\n')).toContain(expected);
  });

  it('is right without any file, and takes names as certificates write them', () => {
    const { config } = loadConfig(good, 'engine.yaml');
    const settings = config === undefined ? undefined : resolveSettings(config, '/etc/steelyard');
    expect(settings?.virtualServers[1]?.tls?.certificates[0]).toMatchObject({
      name: 'www.example.com',
      acme: { names: ['www.example.com', 'shop.example.com'] },
    });
    expect(settings?.stateDirectory).toBe('/etc/steelyard/steelyard-state');
  });
});

describe('the answer to an authority', () => {
  it('is for a known token alone', () => {
    const answers = new Map([['abc', 'abc.print']]);
    function ask(path: string) {
      return challengeAnswer(answers, {
        path: () => path,
        method: () => 'GET',
        hostName: () => '',
        sni: () => '',
        find: () => undefined,
      });
    }
    expect(ask('/.well-known/acme-challenge/abc')?.body).toBe('abc.print');
    expect(ask('/.well-known/acme-challenge/abcd')).toBeUndefined();
    expect(ask('/abc')).toBeUndefined();
  });
});

/** An authority of the test's own signs what it is asked for by the key it is given: the keeper's clock is what is looked at. */
describe('the keeper of certificates', () => {
  let directory: string;
  let nowMs: number;
  let timers: { work: () => void; atMs: number }[];
  let events: string[];
  let orders: AcmeOrder[];
  let answered: AcmeAnswers[];
  let taken: number;
  let isRefusing: boolean;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'steelyard-keeper-'));
    [nowMs, timers, events, orders, answered, taken, isRefusing] = [Date.UTC(2030, 0, 1), [], [], [], [], 0, false];
  });

  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  function open(): AcmeKeeper {
    return new AcmeKeeper({
      now: () => nowMs,
      setTimer: (work, waitMs) => {
        const timer = { work, atMs: nowMs + waitMs };
        timers.push(timer);
        return () => {
          timers = timers.filter((each) => each !== timer);
        };
      },
      chance: () => 0.5,
      order: async (order, { answer }) => {
        orders.push(order);
        await answer({ token: 'token.print' });
        await answer({});
        if (isRefusing) throw new Error('the authority says no');
        return makeSelfSigned(order.names, nowMs).cert; // of another key than the order's
      },
      answer: (answers) => {
        answered.push(answers);
        return Promise.resolve();
      },
      onIssued: () => {
        taken++;
        return Promise.resolve();
      },
      tell: (certificate, change, about) =>
        events.push(`${change} ${certificate} ${typeof about['retryAt'] === 'string' ? about['retryAt'] : ''}`.trim()),
    });
  }

  function settings() {
    const { config } = loadConfig(good, 'engine.yaml');
    if (config === undefined) throw new Error('the configuration is not good');
    return resolveSettings(config, directory);
  }

  /** Runs what is due until `toMs`, one timer after another. */
  async function run(toMs: number): Promise<void> {
    for (;;) {
      timers.sort((a, b) => a.atMs - b.atMs);
      const next = timers[0];
      if (next === undefined || next.atMs > toMs) break;
      timers.shift();
      nowMs = next.atMs;
      next.work();
      // Orders write files: their turn is over when a timer stands again.
      for (let turn = 0; turn < 2000 && timers.length === 0; turn++)
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    nowMs = toMs;
  }

  it('has a placeholder at once, and waits longer after each refusal', async () => {
    isRefusing = true;
    const keeper = open();
    const pems = await keeper.prepare(settings());
    expect([...pems.keys()]).toEqual(['www.example.com']);
    expect(orders).toEqual([]);
    keeper.configure(settings(), false);
    await run(nowMs + 7 * minuteMs);
    expect(events).toEqual([
      'placeholder www.example.com',
      'ordering www.example.com',
      'acme-failed www.example.com 2030-01-01T00:02:00.000Z',
      'ordering www.example.com',
      'acme-failed www.example.com 2030-01-01T00:06:00.000Z',
      'ordering www.example.com',
      'acme-failed www.example.com 2030-01-01T00:14:00.000Z',
    ]);
    expect(new Set(orders.map(({ accountKey }) => accountKey)).size).toBe(1);
    expect(new Set(orders.map(({ key }) => key)).size).toBe(3);
    expect(answered).toHaveLength(6);
    expect(taken).toBe(0);
    keeper.configure(settings(), true);
    await run(nowMs);
    expect(orders).toHaveLength(4);
    keeper.close();
    expect(timers).toEqual([]);
  });

  it('does not take a certificate of another key', async () => {
    const keeper = open();
    await keeper.prepare(settings());
    keeper.configure(settings(), false);
    await run(nowMs);
    expect(events.at(-1)).toMatch(/^acme-failed/);
    expect(taken).toBe(0);
    keeper.close();
  });

  it('reads what is stored and asks when two thirds of its life are over, not before', async () => {
    const folder = join(directory, 'steelyard-state', 'acme');
    mkdirSync(folder, { recursive: true });
    const { cert, key } = makeSelfSigned(['www.example.com', 'shop.example.com'], nowMs);
    isRefusing = true;
    const file = `${certificateId('https://ca.example/dir', ['shop.example.com', 'www.example.com'])}.pem`;
    writeFileSync(join(folder, file), `${key}${cert}`);
    const keeper = open();
    const pems = await keeper.prepare(settings());
    expect(new X509Certificate(pems.get('www.example.com')?.cert ?? '').serialNumber).toBe(
      new X509Certificate(cert).serialNumber,
    );
    keeper.configure(settings(), false);
    const { validFromDate, validToDate } = new X509Certificate(cert);
    const life = validToDate.getTime() - validFromDate.getTime();
    const due = validFromDate.getTime() + life * (2 / 3 - 0.025);
    await run(due - minuteMs);
    expect(events).toEqual([]);
    await run(due);
    expect(events[0]).toBe('ordering www.example.com');
    expect(readFileSync(join(folder, file), 'utf8')).toBe(`${key}${cert}`);
    keeper.close();
  });
});
