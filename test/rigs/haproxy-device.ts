import { parseAddress } from '../../src-main/contract/address.ts';
import { openSsh } from '../../src-main/transports/ssh-connect.ts';
import type { HostSession } from '../../src-main/transports/transport.ts';
import { haproxy } from '../../src-main/vendors/haproxy/driver.ts';
import type { OpenDevice } from '../../src-main/vendors/vendor.ts';
import { realTools } from './push-loop.ts';
import type { Sshd } from './sshd.ts';

export interface HaproxyDevice {
  readonly session: HostSession;
  readonly device: OpenDevice;
  /** Every command line and socket text sent so far, in order. */
  readonly sent: readonly string[];
}

/**
 * The driver on a real SSH session to the rig's sshd. `query`: the address's options, as `config=/path&sudo=1`. Root is never the one who
 * logs in: a right that the docs do not ask for would hide that it is needed.
 */
export async function openHaproxyDevice(sshd: Sshd, query: string, user: string = sshd.user): Promise<HaproxyDevice> {
  if (user === 'root') throw new Error('Log in by an account of docs/haproxy-accounts.md: startSshd({ accounts }).');
  const ssh = await openSsh({
    host: sshd.host,
    port: sshd.port,
    user,
    credentials: { keyFile: sshd.keyFile },
    knownHosts: { own: sshd.knownHosts, others: [] },
  });
  const sent: string[] = [];
  const session: HostSession = {
    ...ssh,
    exec: (command, options) => {
      sent.push(command);
      return ssh.exec(command, options);
    },
    request: (path, text, options) => {
      sent.push(text);
      return ssh.request(path, text, options);
    },
  };
  // Another test's atd may come and go meanwhile.
  const hold = /\bhold=/.test(query) ? '' : '&hold=detached';
  const address = parseAddress(`haproxy+ssh://${user}@${sshd.host}:${sshd.port}?${query}${hold}`);
  return { session, sent, device: haproxy.open({ kind: 'host', host: session }, address, realTools) };
}
