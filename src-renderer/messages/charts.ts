/** Words that every chart needs. */
export const chartText = {
  asleep: (from: string, to: string) => `asleep ${from} to ${to}`,
  asleepWord: 'asleep',
  noData: 'no data',
  time: 'Time',
  keys: 'Arrow keys move along it, T shows the values as a table.',
  backToChart: 'Back to the chart',
} as const;
