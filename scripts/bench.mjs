import { runAll } from './long-runs.mjs';

// npm run bench [-- PART-OF-A-NAME]: the benchmarks of test/bench, side by side with the peers in one run.
process.exitCode = (await runAll('bench', process.argv.slice(2))) === 0 ? 0 : 1;
