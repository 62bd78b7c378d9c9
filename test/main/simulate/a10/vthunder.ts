import { type Device, type DeviceOptions, makeDevice } from '../../../../src-main/simulate/a10/device.ts';
import { openSession, type SessionOptions } from '../../../../src-main/simulate/a10/session.ts';
import type { ShellAnswer } from '../../../../src-main/simulate/login.ts';

/** A small configuration of the tests, as a vThunder of 4.1.4 prints it. */
export const vthunder = `!Current configuration: 0 bytes
!64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78 (Jan-18-2019,16:02)
!
multi-config enable
!
hostname vThunder
!
ip nat pool p1 192.0.2.200 192.0.2.200 netmask /24
!
health monitor hm1
  method tcp port 80
!
slb template persist cookie c1
!
slb template client-ssl t1
!
slb template server-ssl t2
!
slb template cipher suites
  TLS1_RSA_AES_128_SHA
!
slb server s1 192.0.2.1
  port 80 tcp
!
slb server s2 192.0.2.2
  port 80 tcp
    weight 3
!
slb service-group sg1 tcp
  member s1 80
  member s2 80
!
slb virtual-server vip1 192.0.2.100
  port 80 http
    source-nat pool p1
    service-group sg1
!
!
end
!Current config commit point for partition 0 is 0 & config mode is classical-mode
`;

export const noon = new Date('2024-02-03T12:00:00Z');

export interface Typist {
  readonly device: Device;
  /** Types a line, answers questions in turn, and gives all that was said. */
  readonly type: (line: string, ...answers: readonly string[]) => Promise<string>;
  readonly prompt: () => string;
  readonly isOver: () => boolean;
  readonly sources: () => readonly (string | undefined)[];
}

export function startVthunder(more: Partial<DeviceOptions> = {}, session: Partial<SessionOptions> = {}): Typist {
  const device = makeDevice({ config: vthunder, now: () => noon, ...more });
  return typistAt(device, session);
}

export function typistAt(device: Device, more: Partial<SessionOptions> = {}): Typist {
  const sources: (string | undefined)[] = [];
  let isOver = false;
  const session = openSession(device, {
    enablePassword: '',
    watch: (_line, act) => act(),
    configuring: { count: 0 },
    peers: {},
    fetch: () => Promise.reject(new Error('There is no other machine.')),
    seen: (_line, source) => {
      sources.push(source);
    },
    ...more,
  });
  async function finish(answer: ShellAnswer, answers: readonly string[]): Promise<string> {
    if (answer.isEnd === true) isOver = true;
    if (answer.question === undefined) return answer.text;
    const [first = '', ...rest] = answers;
    const next = await answer.question.answer(first);
    return `${answer.text}${answer.question.text}${await finish(next, rest)}`;
  }
  return {
    device,
    type: async (line, ...answers) => finish(await session.enter(line), answers),
    prompt: session.prompt,
    isOver: () => isOver,
    sources: () => sources,
  };
}

/** One that is in configuration mode already. */
export async function configuring(
  more: Partial<DeviceOptions> = {},
  session: Partial<SessionOptions> = {},
): Promise<Typist> {
  const typist = startVthunder(more, session);
  await typist.type('enable', '');
  await typist.type('configure');
  return typist;
}
