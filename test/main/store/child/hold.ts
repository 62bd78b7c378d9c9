import { openStore } from '../../../../src-main/store/open.ts';

/** Opens the directory of its argument, says `open` or the code of the refusal, and holds it until it is killed. */
const store = await openStore(process.argv[2]).catch((error: unknown) => error);
const code = store instanceof Error && 'code' in store ? String(store.code) : 'open';
process.stdout.write(`${code}\n`);
if (code !== 'open') process.exit();
