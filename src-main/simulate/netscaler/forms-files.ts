import type { FormRow } from './forms-ssl.ts';

const handbook = 'NetScaler 12.0 Command Reference as on github.com/EpsilonSolutions/netscaler-command-reference';

/** Commands on the files beside the configuration. */
export const fileRows: readonly FormRow[] = [
  [
    'shell',
    'rm',
    '-f PATHS',
    'shell rm -f /nsconfig/ssl/spare.pem',
    `${handbook}, "shell" (shell [(command)]); rm -f by it in public scripts for licence files; its Done is from memory`,
  ],
  ['sync', 'HA files [<Mode>]', '', 'sync HA files ssl', `${handbook}, "HA files"`],
];

/**
 * Passed on to the system, by SSH's exec alone. The manual's own `scp` takes a source and a destination and knows no `-t`: that the
 * command line hands this one to the system, as copies to nsroot by scp of before OpenSSH 9.0 need it, is from memory.
 */
export const scpForm = {
  example: 'scp -t /nsconfig/ssl/a.pem',
  source: 'OpenSSH, scp.c (source and sink); that the command line passes it on is from memory',
} as const;
