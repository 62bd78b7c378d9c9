/** Names of screens in the path above the view. */
export const crumbText = {
  overview: 'Overview',
  change: 'Changes',
  devices: 'Devices',
  add: 'Add a device',
  push: 'Push',
  history: 'History',
  lab: 'Lab',
  settings: 'Settings',
} as const;
