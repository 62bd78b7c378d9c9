/**
 * What tmsh or mcpd refuses, in the device's words. Seen in public (recordings of iControl REST and playbooks): 01020036 not found,
 * 01020066 exists, 01070265 in use, 01070333 shares a destination, 01070317 key and certificate, "unexpected argument", "unknown
 * property". Not seen, and ours until somebody shows a transcript: ranges, unknown values, 01070822 (rights), a full disk.
 */
export class Refused extends Error {}

export function syntax(what: string): Refused {
  return new Refused(`Syntax Error: ${what}`);
}

export function notFound(label: string, name: string): Refused {
  return new Refused(`01020036:3: The requested ${label} (${name}) was not found.`);
}

export function alreadyExists(label: string, name: string, partition: string): Refused {
  return new Refused(`01020066:3: The requested ${label} (${name}) already exists in partition ${partition}.`);
}
