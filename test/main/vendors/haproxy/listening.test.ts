import { expect, test } from 'vitest';
import { parseListening } from '../../../../src-main/vendors/haproxy/listening.ts';

test('listening sockets are read from /proc, in IPv4, IPv6 and IPv4 mapped into it; others are left out', () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:0 0 0 0 4
   1: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:0 0 0 0 5
   2: 00000000000000000000000001000000:0052 00000000000000000000000000000000:0000 0A 00000000:00000000 00:0 0 0 0 6
`;
  expect(parseListening(text)).toEqual([
    { host: '127.0.0.1', port: 8080 },
    { host: '0.0.0.0', port: 80 },
    { host: '::', port: 22 },
    { host: '127.0.0.1', port: 81 },
    { host: '0:0:0:0:0:0:0:1', port: 82 },
  ]);
});
