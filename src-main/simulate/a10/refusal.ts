/**
 * What the device refuses. Seen in public: "Object specified does not exist" and "Unrecognized command" (patterns of Ansible's and other
 * clients), "Partition 'x' does not exist" (recorded). The rest is from memory of the device.
 */
export class Refused extends Error {}

export function unrecognized(at: number): Refused {
  return new Refused(`${' '.repeat(at)}^\n% Unrecognized command.Invalid input detected at '^' marker.`);
}

export function incomplete(): Refused {
  return new Refused('% Incomplete command.');
}

export function missing(what: string): Refused {
  return new Refused(`Object specified does not exist (object: ${what})`);
}
