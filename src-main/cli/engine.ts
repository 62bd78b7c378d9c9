import type { Command } from './command.ts';

export const engineRun: Command = {
  name: 'engine run',
  what: 'runs the balancer in the foreground; SIGHUP reloads, SIGTERM finishes connections and ends, twice ends at once',
  takes: 'FILE',
  options: { workers: { value: 'N', what: 'worker processes; one per core unless told' } },
  run: (given, tools) => {
    const workers = given.count('workers');
    return tools.runEngine(given.need(0, 'FILE'), workers === undefined ? {} : { workers });
  },
};

export const engineCheck: Command = {
  name: 'engine check',
  what: 'validates a configuration; each problem as file:line:column: what, why, what to do',
  takes: 'FILE',
  options: {},
  run: async (given, tools) => {
    const problems = await tools.checkEngine(given.need(0, 'FILE'));
    if (problems.length > 0) await tools.terminal.write(`${problems.join('\n')}\n`);
    return problems.length === 0 ? 0 : 1;
  },
};
