/** Of a device whose driver no real device has proved. */
export const untriedText = {
  word: 'Not yet tried on a real device',
  detail: 'This kind of device is written from manuals. Look twice at what a plan shows before it is sent.',
} as const;
