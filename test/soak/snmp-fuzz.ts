import { AppError } from '../../src-main/contract/errors.ts';
import { seededChance } from '../../src-main/engine/runtime/chance.ts';
import type { SnmpSecurity } from '../../src-main/transports/snmp-options.ts';
import { openSnmp } from '../../src-main/transports/snmp-session.ts';
import type { SnmpCell } from '../../src-main/transports/transport.ts';
import { oidBody } from '../rigs/ber.ts';
import { isMissing } from '../rigs/need.ts';
import { snmpPasswords, startSnmpd } from '../rigs/snmpd.ts';
import { openUdpRelay } from '../rigs/udp-relay.ts';

/**
 * Before each true answer of Net-SNMP's agent comes the same with some bytes changed, cut or put in: 10,000 of them, half by v2c, half by
 * v3. Nothing falls over; an error is ours and names the agent; by v3, which is signed, no value but the true one is ever taken; by v2c, which
 * is not, none for an object that the datagram does not name. SEED repeats a run.
 */
const scale = Number(process.env['STEELYARD_SCALE'] ?? 1);
const seed = Number(process.env['SEED'] ?? Date.now() % 4_294_967_296);
const chance = seededChance(seed, 0);
const wanted = Math.max(20, Math.round(5000 * scale));
/** sysDescr, sysName, and of the first interface: index, description, type. */
const oids = ['1.1.0', '1.5.0', '2.2.1.1.1', '2.2.1.2.1', '2.2.1.3.1'].map((one) => `1.3.6.1.2.1.${one}`);
const v3: SnmpSecurity = {
  version: 3,
  user: 'ops',
  auth: { protocol: 'SHA-256', password: snmpPasswords.auth },
  priv: { protocol: 'AES', password: snmpPasswords.priv },
};

function pick(below: number): number {
  return Math.floor(chance() * below);
}

function mutated(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = pick(copy.length);
  switch (pick(5)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return Buffer.concat([copy.subarray(0, at), Buffer.from([pick(256), pick(256)]), copy.subarray(at)]);
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + pick(8))]);
    default:
      for (let turn = 0; turn <= pick(3); turn += 1) copy[pick(copy.length)] = pick(256);
      return copy;
  }
}

function wordOfCell(cell: SnmpCell | undefined): string {
  if (cell === undefined) return 'none';
  const { tag, value } = cell;
  return `${tag} ${Buffer.isBuffer(value) ? value.toString('latin1') : String(value)}`;
}

if (isMissing('snmpd')) {
  process.stdout.write('skipped: it takes snmpd\n');
} else {
  const agent = await startSnmpd([{ name: 'ops', auth: 'SHA-256', priv: 'AES' }]);
  const relay = await openUdpRelay(agent.port);
  const problems: string[] = [];
  const ends: Record<string, number> = {};
  process.on('uncaughtException', (error) => problems.push(`thrown out of everything: ${error.message}`));
  let changed = 0;
  for (const [name, security] of [
    ['v2c', { version: 2, community: 'orchard' }],
    ['v3', v3],
  ] as const) {
    const [straight, session] = [agent.port, relay.port].map((port) =>
      openSnmp({ host: '127.0.0.1', port, security, tryMs: 1000 }),
    );
    if (straight === undefined || session === undefined) throw new Error('no session');
    const truth = (await straight.get(oids)).map(wordOfCell);
    relay.setFate(() => [0]);
    await session.get(oids);
    let last: Buffer | undefined;
    const end = changed + wanted;
    relay.setFate(({ direction, bytes }) => {
      // By v3 each word that does not fit is asked for again: some of them have to come through.
      if (direction === 'up' || (name === 'v3' && chance() < 0.3)) return [0];
      changed += 1;
      const other = mutated(bytes);
      last = name === 'v2c' ? other : undefined;
      return [other, 0];
    });
    while (changed < end && problems.length === 0) {
      const before = changed;
      try {
        const words = (await session.get(oids, { timeoutMs: 30_000 })).map(wordOfCell);
        const isTrue = words.join('|') === truth.join('|');
        const isAsSaid = words.every(
          (word, at) => word === truth[at] || last?.includes(oidBody(oids[at] ?? '')) === true,
        );
        count(isTrue ? 'true' : 'as the datagram says');
        if (!isTrue && !isAsSaid) problems.push(`${name}, after ${before}: took ${JSON.stringify(words)}`);
      } catch (error) {
        if (!(error instanceof AppError)) problems.push(`${name}, after ${before}: threw ${String(error)}`);
        else {
          count(error.code);
          if (!error.detail.includes(`[127.0.0.1]:${relay.port}`)) problems.push(`names no agent: ${error.detail}`);
        }
      }
    }
    relay.setFate(() => [0]);
    if ((await session.get(oids)).map(wordOfCell).join('|') !== truth.join('|'))
      problems.push(`${name}: no longer true`);
    session.close();
    straight.close();
  }
  function count(end: string): void {
    ends[end] = (ends[end] ?? 0) + 1;
  }
  relay.stop();
  await agent.stop();
  process.stdout.write(
    `${changed} changed answers, seed ${seed}: ${JSON.stringify(ends)}, ${problems.length} problems\n`,
  );
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
