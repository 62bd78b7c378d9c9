import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordSnmp, replaySnmp } from '../../../src-main/transports/snmp-recording.ts';
import { openSnmp } from '../../../src-main/transports/snmp-session.ts';
import { agentRows } from '../../rigs/snmp-recording.ts';
import { startSnmpAgent } from '../../rigs/snmp-agent.ts';

const orchard = agentRows(readFileSync(join(import.meta.dirname, '../../fixtures/f5/snmp/orchard.snmprec'), 'latin1'));
const columns = ['1.3.6.1.4.1.3375.2.2.4.1.2.1.2', '1.3.6.1.4.1.3375.2.2.5.4.3.1.6', '1.3.6.1.4.1.3375.9.9'];
const scalars = ['1.3.6.1.2.1.1.3.0', '1.3.6.1.2.1.1.1.0', '1.3.6.1.9.9.0'];

test('what was recorded is replayed byte by byte, failures too, and the community is not in it', async () => {
  const agent = await startSnmpAgent({ rows: orchard });
  const session = openSnmp({
    host: '127.0.0.1',
    port: agent.port,
    security: { version: 2, community: 'orchard' },
    tryMs: 100,
  });
  const recorder = recordSnmp(session);
  const walked = await recorder.walk(columns);
  const got = await recorder.get(scalars);
  await agent.stop();
  const failed = await recorder.get(scalars).catch((error: unknown) => error);
  session.close();
  const text = recorder.recording();
  expect(text.replaceAll('.example', '')).not.toContain('orchard');

  const replay = replaySnmp(text);
  expect(await replay.walk(columns)).toEqual(walked);
  expect(await replay.get(scalars)).toEqual(got);
  await expect(replay.get(scalars)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    detail: (failed as Error & { detail: string }).detail,
  });
  await expect(replay.get(['1.2.3'])).rejects.toMatchObject({ code: 'INTERNAL' });
  replay.close();
  await expect(replay.walk(columns)).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
});

test('a line that is none of a recording is named', () => {
  expect(() => replaySnmp('get 1.2.3\nhello')).toThrow(/Line 2/);
});
