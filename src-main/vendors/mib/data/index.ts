import type { Mib } from '../mib.ts';
import { a10 } from './a10.ts';
import { aloha } from './aloha.ts';
import { alteon } from './alteon.ts';
import { array } from './array.ts';
import { barracuda } from './barracuda.ts';
import { ace, css } from './cisco.ts';
import { f5 } from './f5.ts';
import { fortiadc } from './fortiadc.ts';
import { keepalived } from './keepalived.ts';
import { kemp } from './kemp.ts';
import { netscaler } from './netscaler.ts';
import { peplink } from './peplink.ts';
import { relayd } from './relayd.ts';
import { serveriron } from './serveriron.ts';

/** Every balancer that is read by its MIB: one file and one name here each. */
export const mibs: readonly Mib[] = [
  a10,
  ace,
  aloha,
  alteon,
  array,
  barracuda,
  css,
  f5,
  fortiadc,
  keepalived,
  kemp,
  netscaler,
  peplink,
  relayd,
  serveriron,
];
