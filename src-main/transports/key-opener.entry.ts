import { parentPort, workerData } from 'node:worker_threads';
import type { OpenerAnswer, OpenerQuestion } from './key-files.ts';
import { parsePrivateKey } from './private-key.ts';

const { bytes, passphrase } = workerData as OpenerQuestion; // key-files.ts alone starts this file
const key = parsePrivateKey(Buffer.from(bytes), passphrase);
const answer: OpenerAnswer =
  typeof key === 'string'
    ? { why: key }
    : { type: key.type, publicKey: key.getPublicSSH().toString('base64'), privatePem: key.getPrivatePEM() };
parentPort?.postMessage(answer);
