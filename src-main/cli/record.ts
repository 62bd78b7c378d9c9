import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../contract/errors.ts';
import { UsageError } from './arguments.ts';
import { type Command, dataOption } from './command.ts';
import { withConsole } from './session.ts';

export const record: Command = {
  name: 'record',
  what: 'writes what a device answers (SNMP, commands, configuration) into a directory, scrubbed, for a bug report',
  takes: 'DEVICE',
  options: { ...dataOption, to: { value: 'DIR', what: 'an empty or new directory' } },
  run: async (given, tools) => {
    const device = given.need(0, 'DEVICE');
    const to = given.text('to');
    if (to === undefined) throw new UsageError('--to DIR is missing.');
    const there = await readdir(to).catch(() => []);
    if (there.length > 0) throw new AppError('ALREADY_EXISTS', `${to} is not empty. Nothing was recorded.`);
    const files = await withConsole(given, tools, ({ call }) => call('devices.record', { device }));
    for (const { path, text } of files) {
      const place = join(to, path);
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, text);
    }
    tools.terminal.say(`Read it through before you send it: ${join(to, 'README.md')} says what was done.`);
    for (const { path } of files) await tools.terminal.write(`${join(to, path)}\n`);
    return 0;
  },
};
