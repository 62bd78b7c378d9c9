import { Lab } from '../../src-main/lab/lab.ts';

/** A process that runs the lab in the folder of its argument, says so to its parent, and is there to be killed. */
const lab = new Lab({ folder: process.argv[2] ?? '', seed: 1, version: '0.0.0-test' });
await lab.start();
process.send?.('started');
