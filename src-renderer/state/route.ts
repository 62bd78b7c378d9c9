/** A place in the window. Names of devices, pools and servers come from devices and may hold anything. */
export type Route =
  | { readonly screen: 'overview' | 'change' | 'devices' | 'add' | 'lab' | 'settings' }
  | { readonly screen: 'device' | 'push' | 'history'; readonly device: string }
  | { readonly screen: 'pool'; readonly device: string; readonly pool: string }
  | { readonly screen: 'virtual-server'; readonly device: string; readonly virtualServer: string };

export type Screen = Route['screen'];

/** The location's hash of a route: `#/pool/hap-1/web`. */
export function routeHref(route: Route): string {
  const parts: string[] = [route.screen];
  if ('device' in route) parts.push(route.device);
  if ('pool' in route) parts.push(route.pool);
  if ('virtualServer' in route) parts.push(route.virtualServer);
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

/** Reads a hash; whatever it does not understand is the overview. */
export function parseRoute(hash: string): Route {
  const [screen, first, second] = hash.replace(/^#\/?/, '').split('/').map(decode);
  switch (screen) {
    case 'change':
    case 'devices':
    case 'add':
    case 'lab':
    case 'settings':
      return { screen };
    case 'device':
    case 'push':
    case 'history':
      return first === undefined ? { screen: 'devices' } : { screen, device: first };
    case 'pool':
      return first === undefined || second === undefined
        ? { screen: 'overview' }
        : { screen, device: first, pool: second };
    case 'virtual-server':
      return first === undefined || second === undefined
        ? { screen: 'overview' }
        : { screen, device: first, virtualServer: second };
    case undefined:
    default:
      return { screen: 'overview' };
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a lone % that somebody typed: taken as it stands
  }
}
