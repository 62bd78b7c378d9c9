import { connect, type SecureVersion } from 'node:tls';

/** What a handshake showed: the certificate's serial number in capitals, and the version agreed on. */
export interface Handshake {
  readonly serial: string;
  readonly version: string;
}

/** One handshake with 127.0.0.1:`port` and no other version than this, and asking for this name, if one is given. Rejects where it fails. */
export function shakeHands(port: number, version?: SecureVersion, servername?: string): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const only = version === undefined ? {} : { minVersion: version, maxVersion: version };
    // A client that would take any version, as old ones do.
    const asked = servername === undefined ? only : { ...only, servername };
    const socket = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ciphers: 'ALL:@SECLEVEL=0',
      ...asked,
    });
    socket.setTimeout(20_000, () => socket.destroy(new Error('no handshake within 20 s')));
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      resolve({ serial: socket.getPeerCertificate().serialNumber, version: socket.getProtocol() ?? '' });
      socket.destroy();
    });
  });
}
