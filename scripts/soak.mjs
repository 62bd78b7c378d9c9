import { runAll } from './long-runs.mjs';

// npm run soak [-- PART-OF-A-NAME]: the long runs of test/soak, whole.
process.exitCode = (await runAll('soak', process.argv.slice(2))) === 0 ? 0 : 1;
