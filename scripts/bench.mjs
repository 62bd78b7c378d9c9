import { installPrograms } from './programs.mjs';
import { runAll } from './long-runs.mjs';

// npm run bench [-- ENTRY ...] [-- ROW ... --rounds N --seconds N --proxies A,B]: the benchmarks of test/bench, side by side with the
// peers in one run. Words that are no entry's name are rows of the engine's benchmark, so that one can be measured by itself.
await installPrograms([
  'wrk',
  'h2load',
  'caddy',
  'haproxy',
  'nginx',
  'openssl',
  'sshd',
  'socat',
  'chromium',
  'snmpbulkwalk',
]);
process.exitCode = (await runAll('bench', process.argv.slice(2), 'engine')) === 0 ? 0 : 1;
