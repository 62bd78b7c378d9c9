import type { Command, Step } from '../../../contract/plan.ts';
import { typedCommand } from '../../command-plan.ts';
import { doneAnswer } from '../cli.ts';

/** Where certificates and keys are looked for, and what a pair of appliances keeps the same (CLI reference, `add ssl certKey`, cert). */
const directory = '/nsconfig/ssl';

/** A file for the appliance, and how a plan calls its bytes. */
export interface NewFile {
  readonly name: string;
  readonly what: string;
  readonly secret: string;
  readonly bytes: Buffer;
}

/**
 * What goes to the far end's `scp -t` to make a file of this content, read and written by its owner alone: a line of mode, length and
 * name, the bytes, and a zero (OpenSSH, scp.c, source and sink). The appliance's own command line passes scp on to the system.
 */
export function scpStream({ name, bytes }: NewFile): Buffer {
  return Buffer.concat([Buffer.from(`C0600 ${String(bytes.length)} ${name}\n`), bytes, Buffer.from([0])]);
}

/** A zero for each of: ready, the line, the bytes. */
const scpAnswer = String.raw`^\u0000{3}$`;

/** New files beside the live ones, under names that nothing has yet. */
export function uploadStep(files: readonly NewFile[], isPair: boolean, sha256: (bytes: Uint8Array) => string): Step {
  const copies = files.map((file): Command => {
    const stream = scpStream(file);
    const content = `${file.what}, ${String(file.bytes.length)} bytes, SHA-256 ${sha256(file.bytes)}`;
    return {
      kind: 'shell',
      text: `scp -t ${directory}/${file.name}`,
      expect: scpAnswer,
      shown: `scp -p FILE USER@APPLIANCE:${directory}/${file.name}   # the file: ${content}`,
      stdin: { secret: file.secret, sha256: sha256(stream), bytes: stream.length },
    };
  });
  return {
    id: 'candidate',
    stage: 'candidate',
    title: `Write the new files into ${directory}`,
    // The other of a pair takes the commands as well, and needs the files for them.
    commands: [...copies, ...(isPair ? [typedCommand('sync HA files ssl', doneAnswer)] : [])],
    isHarmless: true,
  };
}

/** Safe from any half-way point: nothing names these files any more. */
export function removeStep(files: readonly NewFile[]): Step {
  const paths = files.map(({ name }) => `${directory}/${name}`).join(' ');
  return {
    id: 'clean-up',
    stage: 'send',
    title: 'Remove the new files',
    commands: [typedCommand(`shell rm -f ${paths}`, doneAnswer)],
    isHarmless: true,
  };
}
