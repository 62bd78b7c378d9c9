import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorRules, type ErrorCode } from '../../../src-main/contract/errors.ts';
import { recordSession } from '../../../src-main/transports/record.ts';
import { type Exchange, parseRecording, renderRecording } from '../../../src-main/transports/recording.ts';
import { replaySession } from '../../../src-main/transports/replay.ts';

const sample = String.raw`# HAProxy, asked three times
exec "haproxy -v"
exit 0
stdout
| HAProxy version 2.6.12
| tab	and \x00 and \\ and no end\
stderr

request "/run/haproxy/admin.sock" "show info\n"
answer
| Name: HAProxy

request "/run/haproxy/admin.sock" "show info\n"
answer
| Name: HAProxy, later

file "/etc/shadow"
error PERMISSION_DENIED "no right"

exec "kill -9 $$"
signal KILL
stdout
stderr
| bye
`;

describe('replay', () => {
  test('answers commands with bytes, exit code or signal', async () => {
    const session = replaySession(sample);
    expect(await session.exec('haproxy -v')).toEqual({
      code: 0,
      signal: null,
      stdout: Buffer.from('HAProxy version 2.6.12\ntab\tand \0 and \\ and no end'),
      stderr: Buffer.alloc(0),
    });
    expect(await session.exec('kill -9 $$')).toMatchObject({
      code: null,
      signal: 'KILL',
      stderr: Buffer.from('bye\n'),
    });
  });

  test('the same question gets the next answer, and the last one from then on', async () => {
    const session = replaySession(sample);
    async function ask(): Promise<string> {
      return (await session.request('/run/haproxy/admin.sock', 'show info\n')).toString();
    }
    expect([await ask(), await ask(), await ask()]).toEqual([
      'Name: HAProxy\n',
      'Name: HAProxy, later\n',
      'Name: HAProxy, later\n',
    ]);
  });

  test('a recorded failure fails again', async () => {
    await expect(replaySession(sample).readFile('/etc/shadow')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  test('what was not asked of the device is an error that names the question', async () => {
    await expect(replaySession(sample).exec('reboot')).rejects.toMatchObject({
      code: 'INTERNAL',
      detail: expect.stringContaining('reboot') as string,
    });
  });

  test('input is part of the question', async () => {
    const session = replaySession('exec "cat"\nstdin\n| a\nexit 0\nstdout\n| a\nstderr\n');
    expect((await session.exec('cat', { stdin: Buffer.from('a\n') })).code).toBe(0);
    await expect(session.exec('cat', { stdin: Buffer.from('b\n') })).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('limits, cancellation and close hold as on a wire', async () => {
    const session = replaySession(sample, { chunkBytes: 1 });
    await expect(session.exec('haproxy -v', { maxBytes: 10 })).rejects.toMatchObject({ code: 'OUTPUT_UNPARSED' });
    await expect(session.exec('haproxy -v', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    session.close();
    expect(session.isOpen()).toBe(false);
    await expect(session.exec('haproxy -v')).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
  });

  test.each([
    'frobnicate "x"\n',
    'exec "x"\n',
    'exec "x"\nexit 0\nrubbish\n',
    'exec "x"\nexit 0\nstdout\n| \\q\n',
    'file "x"\nerror NO_SUCH "x"\n',
  ])('a damaged recording is refused: %j', (text) => {
    expect(() => replaySession(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
  });
});

describe('record', () => {
  test('a session that is recorded is replayed with the same answers, even byte by byte', async () => {
    const recorded = recordSession(replaySession(sample), []);
    const first = await recorded.exec('haproxy -v');
    await recorded.request('/run/haproxy/admin.sock', 'show info\n');
    await expect(recorded.readFile('/etc/shadow')).rejects.toThrow();
    const again = replaySession(recorded.recording(), { chunkBytes: 1 });
    expect(await again.exec('haproxy -v')).toEqual(first);
    await expect(again.readFile('/etc/shadow')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      detail: 'no right',
    });
  });

  test('secrets are masked in question, input, answer and error, and the question still finds its answer', async () => {
    const secrets = [/hunter\d/];
    const inner = replaySession(
      'exec "login hunter2"\nstdin\n| hunter3\nexit 0\nstdout\n| a hunter2 b hunter4\nstderr\n| hunter5\n\nfile "/hunter6"\nerror NOT_FOUND "hunter7"\n\nrequest "/s" "auth hunter8"\nanswer\n| hunter9\n',
    );
    const session = recordSession(inner, secrets);
    const stdin = Buffer.from('hunter3\n');
    expect((await session.exec('login hunter2', { stdin })).stdout.toString()).toBe('a hunter2 b hunter4\n');
    await expect(session.readFile('/hunter6')).rejects.toThrow();
    await session.request('/s', 'auth hunter8');
    expect(session.recording()).not.toMatch(/hunter/);
    const again = replaySession(session.recording(), { secrets });
    expect((await again.exec('login hunter2', { stdin })).stdout.toString()).toBe('a *** b ***\n');
  });

  test('any exchange is written and read back unchanged', () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
    const text = fc.oneof(fc.string(), fc.constantFrom('\n', '\\', '"', '| x\\', 'é\u2028'));
    const codes = Object.keys(errorRules) as ErrorCode[]; // Object.keys gives string[]
    const failure = fc.record({ error: fc.record({ code: fc.constantFrom(...codes), detail: text }) });
    const streams = { stdout: bytes, stderr: bytes };
    const result = fc.oneof(
      fc.record({ code: fc.option(fc.integer({ min: 0, max: 255 })), signal: fc.constant(null), ...streams }),
      fc.record({ code: fc.constant(null), signal: fc.constantFrom('TERM', 'USR1'), ...streams }),
      failure,
    );
    const body = fc.oneof(fc.record({ bytes }), failure);
    const nothing = Buffer.alloc(0);
    const exchange: fc.Arbitrary<Exchange> = fc.oneof(
      fc.record({
        kind: fc.constant('exec' as const),
        subject: text,
        text: fc.constant(''),
        stdin: bytes,
        answer: result,
      }),
      fc.record({
        kind: fc.constant('file' as const),
        subject: text,
        text: fc.constant(''),
        stdin: fc.constant(nothing),
        answer: body,
      }),
      fc.record({
        kind: fc.constant('request' as const),
        subject: text,
        text,
        stdin: fc.constant(nothing),
        answer: body,
      }),
    );
    fc.assert(
      fc.property(fc.array(exchange, { maxLength: 5 }), (exchanges) => {
        expect(parseRecording(renderRecording(exchanges))).toEqual(exchanges);
      }),
    );
  });
});
