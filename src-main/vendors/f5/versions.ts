import { lacking } from './sent.ts';

/** A version of TMOS as far as features go by it: 15.1. */
export type Tmos = readonly [number, number];

interface Feature {
  /** What it is, as the documentation and a refusal say it. */
  readonly what: string;
  /** The first version that has it. */
  readonly from: Tmos;
  /** A command that says something of it: refused in words where the version lacks it. */
  readonly saidBy?: RegExp;
  /** Where the first version is from. */
  readonly source: string;
}

/** The majors that are known; others from 11 on are read too, and marked as newer than this program. 20 is BIG-IP Next. */
export const knownMajors: readonly number[] = [11, 12, 13, 14, 15, 16, 17, 21];
export const nextMajor = 20;

/** What depends on the version, once. */
export const features = {
  tmsh: {
    what: 'partitions and folders, transactions, `load sys config ... merge verify`',
    from: [11, 0],
    source: 'tmsh reference (cli transaction, sys config) of 13 and later; before that from memory',
  },
  groups: {
    what: 'device groups and traffic groups (`show cm sync-status`, `show cm traffic-group`)',
    from: [11, 0],
    source: 'Device Service Clustering manuals 11.6 to 14.1, public transcripts of 11 to 15',
  },
  raw: {
    what: 'whole counters (`show ... raw`)',
    from: [11, 0],
    source: 'tmsh reference of 13 and later; before that from memory',
  },
  policies: {
    what: 'LTM policies are read',
    from: [11, 4],
    source: 'community.f5.com, Simplifying Local Traffic Policies in BIG-IP 12.1 (since inception in 11.4)',
  },
  drafts: {
    what: 'LTM policies are published from drafts, which are not written',
    from: [12, 1],
    source: 'Local Traffic Policies manual 12.1; f5-common-python, policy.py (drafts from 12.1.0)',
  },
  certificates: {
    what: 'several certificates in a client-ssl profile (`cert-key-chain`)',
    from: [11, 5],
    saidBy: /\bcert-key-chain\b/,
    source: 'configurations of 11.5 to 17, SSL administration manual 14.0',
  },
  tls13: {
    what: 'TLS 1.3',
    from: [14, 0],
    saidBy: /\bno-tlsv1\.3\b|\boptions \{(?=[^}]* no-tlsv1 )(?=[^}]* no-tlsv1\.1 )[^}]* no-tlsv1\.2 /,
    source: 'public tables of profile defaults by version (the option no-tlsv1.3 came with 14.0)',
  },
} as const satisfies Readonly<Record<string, Feature>>;

export type FeatureName = keyof typeof features;

export function hasFeature(version: Tmos, name: FeatureName): boolean {
  return isFrom(version, features[name].from);
}

function isFrom([major, minor]: Tmos, [first, second]: Tmos): boolean {
  return major > first || (major === first && minor >= second);
}

/** Why routes, which are LTM policies here, are not written. */
export function whyNoRoutes(version: Tmos): string {
  if (!hasFeature(version, 'policies')) return `TMOS has LTM policies from ${features.policies.from.join('.')} on.`;
  return hasFeature(version, 'drafts')
    ? 'Routes are LTM policies, which are published from drafts: they are only read.'
    : 'Routes are LTM policies: they are only read.';
}

/** Throws CAPABILITY_MISSING for a command that this version has no words for. */
export function refuseMissing(version: Tmos, commands: readonly string[]): void {
  for (const { what, from, saidBy } of Object.values<Feature>(features)) {
    if (saidBy === undefined || isFrom(version, from) || !commands.some((command) => saidBy.test(command))) continue;
    throw lacking(`${what}, which TMOS has from ${from.join('.')} on (this is ${version.join('.')})`);
  }
}
