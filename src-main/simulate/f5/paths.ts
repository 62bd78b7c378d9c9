import type { Item } from './block.ts';
import { type Configuration, inFolder, partitionOf } from './configuration.ts';
import { kinds, type Properties } from './kinds.ts';
import { portNumber } from './services.ts';

/**
 * A configuration as `list` shows it names what is in /Common without its folder, and ports by their services. What is loaded here
 * gets whole paths and numbers, as files of the device hold them.
 */
export function withPaths({ objects }: Configuration): Configuration {
  return {
    objects: objects.map((object) => {
      const properties = kinds.find(({ id }) => id === object.kind)?.properties;
      if (properties === undefined || object.raw !== undefined) return object;
      const folder = `/${object.name === '' ? 'Common' : partitionOf(object.name)}`;
      return { ...object, items: object.items.map((item) => withPath(item, properties, folder)) };
    }),
  };
}

function withPath(item: Item, properties: Properties, folder: string): Item {
  const { words, block } = item;
  const [name = '', ...values] = words;
  const takes = Object.hasOwn(properties, name) ? properties[name]?.takes : undefined;
  function path(text: string): string {
    return text === 'none' || text === '' ? text : inFolder(text, folder);
  }
  if (name === 'destination' && values[0]?.includes('*') === false)
    return { ...item, words: [name, withNumber(path(values[0]))] };
  switch (takes?.type) {
    case 'word':
      return takes.refersTo === undefined ? item : { ...item, words: [name, ...values.map(path)] };
    case 'monitor':
      return {
        ...item,
        words: [name, ...values.map((word) => (/^(and|min|of|none|default|\d+)$/.test(word) ? word : path(word)))],
        ...(block !== undefined && { block: block.map((one) => ({ words: one.words.map(path) })) }),
      };
    case 'list':
      if (takes.refersTo === undefined || block === undefined) return item;
      return { ...item, block: block.map((one) => ({ words: one.words.map(path) })) };
    case 'entries':
      return {
        ...item,
        ...(block !== undefined && { block: block.map((one) => entryWithPath(one, name, takes, path, folder)) }),
      };
    case 'block':
      return {
        ...item,
        ...(block !== undefined && { block: block.map((one) => withPath(one, takes.properties, folder)) }),
      };
    case 'flag':
    case 'number':
    case undefined:
      return item;
  }
}

function entryWithPath(
  entry: Item,
  collection: string,
  takes: { readonly properties: Properties; readonly refersTo?: string },
  path: (text: string) => string,
  folder: string,
): Item {
  const [name = '', ...rest] = entry.words;
  const own = collection === 'members' ? withNumber(path(name)) : takes.refersTo === undefined ? name : path(name);
  return {
    ...entry,
    words: [own, ...rest],
    ...(entry.block !== undefined && { block: entry.block.map((one) => withPath(one, takes.properties, folder)) }),
  };
}

function withNumber(text: string): string {
  const [, address = text, port = ''] = /^(.*[:.])([a-z][\w-]*)$/.exec(text) ?? [];
  return port === '' || (/[^\d.:]/.test(address.replace(/^.*\//, '').replace(/%\d+/, '')) && !address.endsWith(':'))
    ? text
    : `${address}${portNumber(port)}`;
}
