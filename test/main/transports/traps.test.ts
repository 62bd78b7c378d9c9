import { createSocket } from 'node:dgram';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admission } from '../../../src-main/transports/traps/admission.ts';
import type { Notification } from '../../../src-main/transports/traps/notification.ts';
import { openTrapReceiver, type TrapReceiver } from '../../../src-main/transports/traps/receiver.ts';
import { SecureReceiver } from '../../../src-main/transports/traps/secure-receiver.ts';
import { type Opened } from '../../../src-main/transports/traps/secure-receiver.ts';
import {
  readMessage,
  type SecureMessage,
  writeScoped,
  writeSecure,
} from '../../../src-main/transports/traps/message.ts';
import { UsmUser } from '../../../src-main/transports/traps/usm.ts';
import { integer, oidBody, tlv } from '../../rigs/ber.ts';

function varbind(oid: string, value: Buffer): Buffer {
  return tlv(0x30, tlv(6, oidBody(oid)), value);
}
function pdu(tag: number, id: number, oid = '1.3.6.1.6.3.1.1.5.3'): Buffer {
  const values = [
    varbind('1.3.6.1.2.1.1.3.0', integer(100, 67)),
    varbind('1.3.6.1.6.3.1.1.4.1.0', tlv(6, oidBody(oid))),
  ];
  return tlv(tag, integer(id), integer(0), integer(0), tlv(0x30, ...values));
}
function open2c(tag: number, id: number, community = 'orchard'): Buffer {
  return tlv(0x30, integer(1), tlv(4, Buffer.from(community)), pdu(tag, id));
}

interface Port {
  readonly receiver: TrapReceiver;
  readonly taken: Notification[];
  readonly send: (bytes: Buffer) => Promise<void>;
  readonly answers: Buffer[];
  readonly until: (isReached: () => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

async function openPort(nowMs = () => 0): Promise<Port> {
  const taken: Notification[] = [];
  const answers: Buffer[] = [];
  const receiver = await openTrapReceiver({
    host: '127.0.0.1',
    port: 0,
    communities: ['orchard'],
    users: [],
    engine: { id: Buffer.from('8000000005aabbccdd', 'hex'), boots: 1 },
    nowMs,
    onNotification: (notification) => taken.push(notification),
  });
  const socket = createSocket('udp4');
  socket.on('message', (bytes) => answers.push(bytes));
  const port = Number(receiver.listen.split(':').at(-1));
  return {
    receiver,
    taken,
    answers,
    send: (bytes) =>
      new Promise((resolve) => {
        socket.send(bytes, port, '127.0.0.1', () => {
          resolve();
        });
      }),
    until: async (isReached) => {
      const deadline = Date.now() + 30_000;
      while (!isReached()) {
        if (Date.now() > deadline) throw new Error(JSON.stringify(receiver.counts()));
        await sleep(5);
      }
    },
    close: async () => {
      socket.close();
      await receiver.close();
    },
  };
}

describe('a port for traps', () => {
  test('looks at no more of a storm than a person could read, counts the rest, and takes others meanwhile', async () => {
    let now = 0;
    const port = await openPort(() => now);
    try {
      for (let sent = 0; sent < 3000; sent += 100) {
        for (let one = 0; one < 100; one += 1) await port.send(open2c(0xa7, sent + one));
        await port.until(() => port.receiver.counts().received >= sent + 100);
      }
      expect(port.receiver.counts()).toMatchObject({ received: 3000, taken: 300, dropped: 2700 });
      expect(port.taken).toHaveLength(300);
      now = 1000; // 30 a second come in again
      for (let one = 0; one < 50; one += 1) await port.send(open2c(0xa7, one));
      await port.until(() => port.receiver.counts().received >= 3050);
      expect(port.receiver.counts()).toMatchObject({ taken: 330, dropped: 2720 });
    } finally {
      await port.close();
    }
  });

  test('tells an inform once that comes again because its answer got lost, and answers both', async () => {
    const port = await openPort();
    try {
      await port.send(open2c(0xa6, 7));
      await port.send(open2c(0xa6, 7));
      await port.send(open2c(0xa6, 8));
      await port.until(() => port.answers.length === 3);
      expect(port.taken).toHaveLength(2);
      expect(port.receiver.counts()).toMatchObject({ taken: 2, repeated: 1 });
      expect(port.answers[0]).toEqual(open2c(0xa2, 7));
    } finally {
      await port.close();
    }
  });

  test('outlives any bytes, and counts them', async () => {
    const port = await openPort();
    const good = open2c(0xa7, 1);
    try {
      let count = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(
            fc.uint8Array({ maxLength: 200 }),
            fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => {
              const bytes = Buffer.from(good);
              bytes[at] = byte;
              return bytes;
            }),
            fc.nat(good.length).map((end) => good.subarray(0, end)),
          ),
          async (bytes) => {
            await port.send(Buffer.from(bytes));
            count += 1;
            await port.until(() => port.receiver.counts().received === count);
          },
        ),
        { numRuns: 250 },
      );
      const { taken, refused } = port.receiver.counts();
      expect(taken + refused.unreadable + refused.community + refused.user).toBe(250);
    } finally {
      await port.close();
    }
  });
});

test('forged senders take no more than all together may, and a known one keeps its own share', () => {
  const rules = { perSender: { burst: 10, perSecond: 1 }, all: { burst: 100, perSecond: 10 } };
  const admission = new Admission(rules, 0);
  const taken = Array.from({ length: 5000 }, (_, at) => admission.admits(`sender-${at}`, 0)).filter(Boolean);
  expect(taken).toHaveLength(100);
  expect(admission.admits('known', 1000)).toBe(true);
});

describe('SNMPv3 towards a receiver', () => {
  const user = { user: 'ops', auth: { protocol: 'SHA-256', password: 'authentication-1' } };
  const theirs = Buffer.from('80001f8880aabbccdd', 'hex');
  const ours = Buffer.from('8000000005aabbccdd', 'hex');
  let now = 0;
  function receiver(): SecureReceiver {
    return new SecureReceiver({ users: [user], engine: { id: ours, boots: 3 }, nowMs: () => now });
  }
  function message(engineId: Buffer, boots: number, time: number, tag = 0xa7): Buffer {
    const scoped = writeScoped(engineId, Buffer.alloc(0), pdu(tag, 5));
    return writeSecure(scoped, {
      messageId: 9,
      engineId,
      boots,
      time,
      user: new UsmUser(user),
      level: 2,
      salt: Buffer.alloc(8),
    });
  }
  function opened(to: SecureReceiver, bytes: Buffer): Opened {
    return to.open(readMessage(bytes) as SecureMessage, bytes); // version 3 is what was written
  }

  test('takes a trap once its signature fits, and an old one sent again never', () => {
    now = 0;
    const to = receiver();
    expect(opened(to, message(theirs, 4, 1000))).toHaveProperty('pdu');
    now = 200_000;
    expect(() => opened(to, message(theirs, 4, 1000))).toThrow('time');
    expect(() => opened(to, message(theirs, 3, 9000))).toThrow('time');
    expect(opened(to, message(theirs, 5, 0))).toHaveProperty('pdu');
  });

  test('refuses a changed byte anywhere behind the header', () => {
    now = 0;
    const good = message(theirs, 4, 1000);
    const to = receiver();
    for (let at = 60; at < good.length; at += 7) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x01;
      expect(() => opened(to, bad)).toThrow();
    }
  });

  test('asks an inform of an older time, or of another start of ours, to come again, in a signed report', () => {
    now = 500_000;
    const to = new SecureReceiver({ users: [user], engine: { id: ours, boots: 3 }, nowMs: () => now });
    now = 1_000_000;
    for (const [boots, time] of [
      [2, 500],
      [3, 100],
    ] as const) {
      const answer = opened(to, message(ours, boots, time, 0xa6));
      const report = 'report' in answer ? answer.report : Buffer.alloc(0);
      const read = readMessage(report) as SecureMessage; // reports are of version 3
      expect(read).toMatchObject({ version: 3, level: 2, boots: 3, time: 500, user: 'ops' });
      expect(new UsmUser(user).isGenuine(report, read.digest, ours)).toBe(true);
    }
    expect(opened(to, message(ours, 3, 400, 0xa6))).toHaveProperty('pdu');
  });
});
