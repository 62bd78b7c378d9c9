import { type Place, placePath, readPlace } from '$contract/place.ts';

/** A place in the window. Names of devices, pools and servers come from devices and may hold anything. */
export type Route = Place;
export type Screen = Route['screen'];

/** The location's hash of a route: `#/pool/hap-1/web`. */
export function routeHref(route: Route): string {
  return `#/${placePath(route)}`;
}

/** Reads a hash; whatever it does not understand is the overview, or the list where it wants a device. */
export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#\/?/, '');
  const wantsDevice = path === 'device' || path === 'push' || path === 'history';
  return readPlace(path) ?? { screen: wantsDevice ? 'devices' : 'overview' };
}
