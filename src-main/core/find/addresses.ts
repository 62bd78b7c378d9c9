/** An address in one spelling: 8 hex digits for IPv4 (also where it is written as IPv4 in IPv6), 32 for IPv6. */
export type AddressDigits = string;

export interface AddressAndPort {
  readonly digits: AddressDigits;
  readonly port?: number;
}
export interface Network {
  readonly digits: AddressDigits;
  readonly prefix: number;
}

const mapped = '00000000000000000000ffff';

/** Reads `10.0.0.1`, `10.0.0.1:80`, `2001:db8::1`, `[2001:db8::1]:443`; undefined for anything else, names too. */
export function readAddress(text: string): AddressAndPort | undefined {
  const [, host = '', port] =
    /^\[([\da-f:.%\w-]+)\](?::(\d{1,5}))?$/i.exec(text) ?? /^([\d.]+):(\d{1,5})$/.exec(text) ?? [];
  const digits = digitsOf(host === '' ? text : host);
  if (digits === undefined) return undefined;
  return port === undefined ? { digits } : { digits, port: Number(port) };
}

/** Reads `10.0.0.0/8`, `2001:db8::/32`. */
export function readNetwork(text: string): Network | undefined {
  const [, host = '', bits = ''] = /^([\da-f:.]+)\/(\d{1,3})$/i.exec(text) ?? [];
  const digits = digitsOf(host);
  const prefix = Number(bits);
  return digits === undefined || prefix > digits.length * 4 ? undefined : { digits, prefix };
}

/** Whether an address lies in a network; never where the families differ. */
export function isWithin({ digits, prefix }: Network, address: AddressDigits): boolean {
  if (address.length !== digits.length) return false;
  const whole = prefix >> 2;
  if (!address.startsWith(digits.slice(0, whole))) return false;
  const rest = prefix & 3;
  return rest === 0 || nibble(address, whole) >> (4 - rest) === nibble(digits, whole) >> (4 - rest);
}

function nibble(digits: AddressDigits, at: number): number {
  return parseInt(digits.charAt(at), 16);
}

function digitsOf(host: string): AddressDigits | undefined {
  if (!host.includes(':')) return digitsOf4(host);
  const digits = digitsOf6(host.replace(/%.*$/, ''));
  return digits?.startsWith(mapped) === true ? digits.slice(mapped.length) : digits;
}

function digitsOf4(host: string): AddressDigits | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return undefined;
  const bytes = host.split('.').map(Number);
  return bytes.every((byte) => byte < 256)
    ? bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
    : undefined;
}

/** RFC 4291 2.2: eight groups, one run of zeros as `::`, the last two also as IPv4. */
function digitsOf6(host: string): AddressDigits | undefined {
  const halves = host.split('::').map(digitsOfGroups);
  const [left, right] = halves;
  if (left === undefined || halves.length > 2 || halves.includes(undefined)) return undefined;
  if (halves.length === 1) return left.length === 32 ? left : undefined;
  const missing = 32 - left.length - (right ?? '').length;
  return missing < 4 ? undefined : left + '0'.repeat(missing) + (right ?? '');
}

function digitsOfGroups(text: string): string | undefined {
  if (text === '') return '';
  const groups = text.split(':').map((group, at, all) => {
    if (at === all.length - 1 && group.includes('.')) return digitsOf4(group);
    return /^[\da-f]{1,4}$/i.test(group) ? group.toLowerCase().padStart(4, '0') : undefined;
  });
  return groups.includes(undefined) ? undefined : groups.join('');
}
