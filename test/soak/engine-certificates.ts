import { swapCertificates } from '../rigs/certificate-swap.ts';

/** Fifty certificates one after another under TLS traffic with two workers: not one request fails. */
const swaps = Math.max(2, Math.round(50 * Number(process.env['STEELYARD_SCALE'] ?? 1)));
const { requests, handshakes, failures } = await swapCertificates(swaps);
process.stdout.write(`${swaps} swaps, ${requests} requests, ${handshakes} handshakes, ${failures.length} failed\n`);
for (const failure of failures.slice(0, 10)) process.stdout.write(`${failure}\n`);
process.exitCode = failures.length === 0 && requests > 0 ? 0 : 1;
