import { expect, test } from 'vitest';
import { parseRoute, routeHref } from '../../../src-renderer/state/route.ts';

test('a route survives its way through the address bar, whatever the names hold', () => {
  const hostile = '<img src=x>/../%2F#?&\u202E';
  for (const route of [
    { screen: 'pool', device: hostile, pool: `${hostile}/2` },
    { screen: 'virtual-server', device: 'd', virtualServer: '/Common/vs' },
    { screen: 'history', device: hostile },
    { screen: 'overview' },
  ] as const) {
    expect(parseRoute(routeHref(route))).toEqual(route);
  }
});

test('what is not understood leads to the overview', () => {
  for (const hash of ['', '#', '#/nowhere', '#/pool/only-a-device', '#/%E0%A4%A']) {
    expect(parseRoute(hash)).toEqual({ screen: 'overview' });
  }
});
