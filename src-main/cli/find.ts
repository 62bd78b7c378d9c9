import type { FindAnswer, Found, FoundIn } from '../contract/find.ts';
import { type Command, dataOption } from './command.ts';
import { withConsole } from './session.ts';

export const find: Command = {
  name: 'find',
  what: 'objects of every device by name, address (or a network as 10.0.0.0/8), certificate, or any text; status 1 where nothing fits',
  takes: 'WORD...',
  options: {
    ...dataOption,
    limit: { value: 'N', what: 'the best so many; default 50' },
    json: { what: 'one JSON document instead of lines with tabs' },
  },
  run: async (given, tools) => {
    given.need(0, 'WORD');
    const query = given.rest.join(' ');
    const limit = given.count('limit');
    const input = { query, ...(limit === undefined ? {} : { limit }) };
    const answer = await withConsole(given, tools, ({ call }) => call('find.objects', input));
    await tools.terminal.write(given.has('json') ? `${JSON.stringify(answer, null, 2)}\n` : linesOf(answer));
    for (const device of answer.behind) tools.terminal.say(`steelyard: ${sayBehind(device)}`);
    if (answer.found.length < answer.total) {
      tools.terminal.say(
        `steelyard: ${answer.total} fit, the best ${answer.found.length} are listed; --limit lists more.`,
      );
    }
    return answer.total > 0 ? 0 : 1;
  },
};

function linesOf({ found }: FindAnswer): string {
  return found.map((one) => `${columnsOf(one).map(oneLine).join('\t')}\n`).join('');
}

function columnsOf({ rank, kind, device, pool, name, matched, standing }: Found): readonly string[] {
  const path = pool === undefined ? name : `${pool}/${name}`;
  return [rank, kind, device, path, matched.field, matched.text, standing];
}

/** A tab or a line end within a name would be taken for one of ours. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function sayBehind({ device, standing, asOf, why }: FoundIn): string {
  const reason = why === undefined ? '' : ` ${why}`;
  if (standing === 'unread') return `"${device}" was searched by name and address alone.${reason}`;
  return `"${device}" was searched as it was at ${asOf ?? 'an unknown time'}${standing === 'offline' ? `: it does not answer.${reason}` : '.'}`;
}
