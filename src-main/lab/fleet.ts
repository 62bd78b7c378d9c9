import { AppError, toProblem } from '../contract/errors.ts';
import { seededChance } from '../engine/runtime/chance.ts';
import { type Backend, type BackendCounts, type Fault, type Latency, startBackend } from './backend.ts';
import { startTraffic, type Traffic, type TrafficCounts } from './traffic.ts';

/** A back end that the lab starts. `port` 0 = any free one. */
export interface FleetMember {
  readonly name: string;
  readonly port: number;
  readonly latency: Latency;
}

/** What the lab asks of the process that holds back ends and traffic. */
export type FleetOrder =
  | { readonly kind: 'backends'; readonly members: readonly FleetMember[]; readonly seed: number }
  | { readonly kind: 'traffic'; readonly host: string; readonly port: number }
  | { readonly kind: 'fault'; readonly name: string; readonly fault: Fault }
  /** Answered when the last request has been answered. */
  | { readonly kind: 'drain' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'report' };

/** The answer to every order: how things stand after it. */
export interface FleetReport {
  readonly backends: readonly {
    readonly name: string;
    readonly port: number;
    readonly latencyMs: number;
    readonly counts: BackendCounts;
  }[];
  readonly traffic?: TrafficCounts;
}

export interface Fleet {
  readonly obey: (order: FleetOrder) => Promise<FleetReport>;
}

/** Back ends and traffic of the lab in the calling process. Orders throw ADDRESS_IN_USE, NOT_FOUND. */
export function createFleet(): Fleet {
  let backends: readonly Backend[] = [];
  let traffic: Traffic | undefined;
  let chance = seededChance(0, 0);

  async function start(members: readonly FleetMember[]): Promise<void> {
    const started: Backend[] = [];
    for (const member of members) {
      try {
        started.push(await startBackend({ ...member, chance }));
      } catch (error) {
        await Promise.all(started.map((backend) => backend.close()));
        throw new AppError(
          'ADDRESS_IN_USE',
          `The lab's back end "${member.name}" cannot listen on 127.0.0.1:${member.port}: ${toProblem(error).detail}.`,
          { cause: error },
        );
      }
    }
    backends = started;
  }

  async function carryOut(order: FleetOrder): Promise<void> {
    switch (order.kind) {
      case 'backends':
        chance = seededChance(order.seed, 0);
        await start(order.members);
        return;
      case 'traffic':
        traffic?.stop();
        traffic = startTraffic({ host: order.host, port: order.port, chance });
        return;
      case 'fault': {
        const backend = backends.find((one) => one.name === order.name);
        if (!backend) throw new AppError('NOT_FOUND', `The lab has no back end "${order.name}".`);
        await backend.setFault(order.fault);
        return;
      }
      case 'drain':
        await traffic?.drain();
        return;
      case 'resume':
        traffic?.resume();
        return;
      case 'report':
        return;
    }
  }

  return {
    obey: async (order) => {
      await carryOut(order);
      return {
        backends: backends.map((backend) => ({
          name: backend.name,
          port: backend.port,
          latencyMs: backend.latency().medianMs,
          counts: backend.counts(),
        })),
        ...(traffic ? { traffic: traffic.counts() } : {}),
      };
    },
  };
}
