import ssh2 from 'ssh2';
import type { RemoteFile } from './import.ts';

/** At most so much of a certificate or key is read. */
const mostBytes = 1_000_000;

/** Gets a file from an SSH server, as the device does by scp; it trusts any host key, as the device does at first sight. */
export function fetchBySsh({ host, port, user, password, path }: RemoteFile): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    function fail(error: Error): void {
      client.end();
      reject(error);
    }
    client.on('error', fail);
    client.on('ready', () => {
      client.sftp((error, sftp) => {
        if (error !== undefined) {
          fail(error);
          return;
        }
        let text = '';
        const stream = sftp.createReadStream(path);
        stream.on('error', fail);
        stream.on('data', (part: Buffer | string) => {
          text += String(part);
          if (text.length > mostBytes) fail(new Error('The file is too long.'));
        });
        stream.on('end', () => {
          client.end();
          resolve(text);
        });
      });
    });
    client.connect({ host, port, username: user, password, readyTimeout: 20_000 });
  });
}
