import type { Row } from './forms-ssl.ts';

const vrrp =
  'attributes of a10networks/a10-acos-axapi, a10_vrrp_a_*; statements as configurations of batfish have them';
const layout = 'CLI Reference of 4.1.4 as remembered; layout from memory';

/** VRRP-A, and what is shown of monitors and bindings. */
export const moreRows: readonly Row[] = [
  ['exec', 'show health monitor [<name>]', 0, '', 'show health monitor', layout],
  ['exec', 'show slb virtual-server bind [<name>]', 0, '', 'show slb virtual-server bind', layout],
  ['config', 'vrrp-a common', 2, 'vrrp-common', 'vrrp-a common', vrrp],
  ['config', 'vrrp-a vrid <name>', 3, 'vrid', 'vrrp-a vrid 1', vrrp],
  ['config', 'vrrp-a peer-group', 2, 'peer-group', 'vrrp-a peer-group', vrrp],
  ['config', 'vrrp-a interface ethernet|trunk <1-5000>', 4, '', 'vrrp-a interface ethernet 1', vrrp],
  ['vrrp-common', 'device-id <1-4>', 1, '', 'device-id 1', vrrp],
  ['vrrp-common', 'set-id <1-15>', 1, '', 'set-id 1', vrrp],
  ['vrrp-common', 'enable', 1, '', 'enable', vrrp],
  ['vrrp-common', 'disable', 1, '', 'disable', vrrp],
  ['vrrp-common', 'hello-interval <1-255>', 1, '', 'hello-interval 2', vrrp],
  ['vrrp-common', 'dead-timer <2-255>', 1, '', 'dead-timer 5', vrrp],
  ['vrrp-common', 'preemption-delay <1-255>', 1, '', 'preemption-delay 60', vrrp],
  ['vrid', 'floating-ip <address>', 2, '', 'floating-ip 192.0.2.1', vrrp],
  ['vrid', 'blade-parameters', 1, 'blade', 'blade-parameters', vrrp],
  ['blade', 'priority <1-255>', 1, '', 'priority 200', vrrp],
  ['peer-group', 'peer <address>', 2, '', 'peer 192.0.2.2', vrrp],
];
