import type { FleetMember, FleetReport } from './fleet.ts';

/** The lab's back ends, of unequal speed, and the weights that the engine gives them. */
export const members: readonly (FleetMember & { readonly weight: number })[] = [
  { name: 'fast', port: 0, weight: 4, latency: { medianMs: 4, spread: 0.3 } },
  { name: 'steady', port: 0, weight: 3, latency: { medianMs: 15, spread: 0.2 } },
  { name: 'slow', port: 0, weight: 2, latency: { medianMs: 60, spread: 0.4 } },
  { name: 'tired', port: 0, weight: 1, latency: { medianMs: 150, spread: 0.7 } },
];

/** The weight that balancers of the lab give a back end. */
export function weightOf(name: string): number {
  return members.find((member) => member.name === name)?.weight ?? 1;
}

/** The engine's configuration file: one virtual server before the back ends on the ports that they got. */
export function configText(listen: string, socket: string, report: FleetReport): string {
  const lines = report.backends.map(({ name, port }) => {
    return `      - { name: ${name}, address: 127.0.0.1, port: ${port}, weight: ${weightOf(name)} }`;
  });
  return `# The lab's balancer. Written anew whenever the lab starts.
version: 1
virtualServers:
  - name: lab-web
    listen: ['${listen}']
    pool: app
pools:
  - name: app
    algorithm: round-robin
    members:
${lines.join('\n')}
    monitors: [app-health]
monitors:
  - { name: app-health, type: http, path: /health, intervalMs: 1000, timeoutMs: 800 }
admin: { socket: ${JSON.stringify(socket)} }
`;
}
