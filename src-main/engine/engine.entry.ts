import { AppError } from '../contract/errors.ts';
import { runEngine } from './run.ts';

/** The engine as a program of its own, for whoever starts it as a child: `engine.entry.ts FILE WORKERS VERSION`. */
const [file = '', workers = '', version = ''] = process.argv.slice(2);
const count = Number(workers);

// A parent that is gone cannot end us: then we end ourselves.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));

try {
  process.exitCode = await runEngine(file, {
    ...(count > 0 ? { workers: count } : {}),
    version,
    write: (line) => process.stdout.write(`${line}\n`),
    warn: (text) => process.stderr.write(`${text}\n`),
  });
} catch (error) {
  process.stderr.write(`${error instanceof AppError ? error.detail : String(error)}\n`);
  process.exitCode = 1;
}
// The channel to the parent would keep the process alive.
if (process.connected) process.disconnect();
