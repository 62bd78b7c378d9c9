import { deviceModelSchema } from '../contract/model.ts';
import { UsageError } from './arguments.ts';
import type { Command } from './command.ts';
import { readDocument } from './documents.ts';
import { readNative, writeNative } from './native-files.ts';

const vendorOption = { vendor: { value: 'V', what: 'whose configuration it is: engine, haproxy' } } as const;

export const parse: Command = {
  name: 'parse',
  what: 'a native configuration, or a directory of them, as model JSON',
  takes: 'FILE...',
  options: vendorOption,
  run: async (given, tools) => {
    given.need(0, 'FILE');
    const vendor = need(given.text('vendor'), '--vendor V');
    const files = await readNative(given.rest, tools.terminal.say);
    await tools.terminal.write(`${JSON.stringify(tools.parseNative(vendor, files), null, 2)}\n`);
    return 0;
  },
};

export const render: Command = {
  name: 'render',
  what: "a native configuration with the model's changes written in; byte for byte the base where there are none",
  takes: 'MODEL.json',
  options: {
    ...vendorOption,
    base: {
      value: 'FILE',
      isRepeated: true,
      what: 'the configuration to start from; several where it has several files',
    },
    out: { value: 'DIR', what: 'write the files here, under their own names, instead of one to stdout' },
  },
  run: async (given, tools) => {
    const vendor = need(given.text('vendor'), '--vendor V');
    const bases = given.texts('base');
    if (bases.length === 0) throw new UsageError('--base FILE is missing.');
    const model = await readDocument(given.need(0, 'MODEL.json'), deviceModelSchema);
    const files = tools.renderNative(vendor, await readNative(bases, tools.terminal.say), model);
    const directory = given.text('out');
    if (directory !== undefined) await writeNative(directory, files);
    else if (files.length === 1) for (const { bytes } of files) await tools.terminal.write(bytes);
    else throw new UsageError(`There are ${files.length} files: give --out DIR.`);
    return 0;
  },
};

function need(value: string | undefined, name: string): string {
  if (value === undefined) throw new UsageError(`${name} is missing.`);
  return value;
}
