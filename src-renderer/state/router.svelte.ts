import { parseRoute, type Route, routeHref } from './route.ts';

/** Where the window is: follows the location's hash, so that back, forward and links work by themselves. */
export class Router {
  route = $state.raw<Route>({ screen: 'overview' });

  /** Follows the hash until the returned function is called. */
  start(): () => void {
    const follow = (): void => {
      this.route = parseRoute(location.hash);
    };
    follow();
    addEventListener('hashchange', follow);
    return () => {
      removeEventListener('hashchange', follow);
    };
  }

  go(route: Route): void {
    location.hash = routeHref(route);
  }
}
