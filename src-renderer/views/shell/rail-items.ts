import type { DeviceState } from '$contract/api.ts';
import type { IconName } from '../../components/icons.ts';
import type { Route, Screen } from '../../state/route.ts';

export interface RailItem {
  readonly id: Exclude<Screen, 'device' | 'pool' | 'virtual-server' | 'push' | 'add'>;
  readonly icon: IconName;
  readonly route: Route;
  /** Screens that light this item up. */
  readonly screens: readonly Screen[];
}

/** The screens of the rail. History needs a device: the one in view, else the first; without any it is not there. */
export function railItems(devices: readonly DeviceState[], now: Route): readonly RailItem[] {
  const device = 'device' in now ? now.device : devices[0]?.spec.name;
  return [
    { id: 'overview', icon: 'overview', route: { screen: 'overview' }, screens: ['overview'] },
    {
      id: 'devices',
      icon: 'estate',
      route: { screen: 'devices' },
      screens: ['devices', 'device', 'pool', 'virtual-server', 'add'],
    },
    { id: 'change', icon: 'change', route: { screen: 'change' }, screens: ['change', 'push'] },
    { id: 'lab', icon: 'lab', route: { screen: 'lab' }, screens: ['lab'] },
    ...(device === undefined
      ? []
      : [{ id: 'history', icon: 'history', route: { screen: 'history', device }, screens: ['history'] } as const]),
    { id: 'settings', icon: 'settings', route: { screen: 'settings' }, screens: ['settings'] },
  ];
}
