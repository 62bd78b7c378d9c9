/** Words that every chart needs. */
export const chartText = {
  noData: 'no data',
  time: 'Time',
  keys: 'Arrow keys move along it, T shows the values as a table.',
  backToChart: 'Back to the chart',
} as const;
