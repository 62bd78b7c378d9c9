import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './need.ts';

const run = promisify(execFile);

/** What Net-SNMP's own walk reads below an OID: values as it prints them, by their OIDs with a dot before. */
export async function walkSnmp(
  port: number | undefined,
  below: string,
  community = 'public',
): Promise<ReadonlyMap<string, string>> {
  const words = ['-v2c', '-c', community, '-Onq', `127.0.0.1:${port ?? 0}`, below];
  const { stdout } = await run(findProgram('snmpbulkwalk') ?? '', words);
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.includes('No more variables'));
  return new Map(lines.map((line) => [line.split(' ')[0] ?? '', line.replace(/^\S+ ?/, '')]));
}

/** A text in an index: its length, and the code of each letter. */
export function inIndex(text: string): string {
  return [text.length, ...Buffer.from(text)].join('.');
}
