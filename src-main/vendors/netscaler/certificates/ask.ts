import type { HostSession } from '../../../transports/transport.ts';
import { ask } from '../cli.ts';
import { quoteWord } from '../write.ts';
import { parseShown, type ShownCertificate } from './show.ts';

/**
 * What the appliance tells of its pairs, by `show ssl certKey`. Where the list has their files alone (a public transcript of 2012; those
 * of 2018 and later tell all), each is asked for by itself.
 */
export async function askShown(host: HostSession, signal: AbortSignal): Promise<readonly ShownCertificate[]> {
  const listed = parseShown(await ask(host, 'show ssl certKey', signal));
  if (listed.some(({ facts }) => facts !== undefined)) return listed;
  const each: ShownCertificate[] = [];
  for (const { name } of listed) {
    const [shown] = parseShown(await ask(host, `show ssl certKey ${quoteWord(name)}`, signal));
    each.push({ ...shown, name });
  }
  return each;
}
