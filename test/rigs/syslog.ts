import { createSocket } from 'node:dgram';
import { appendFileSync, chmodSync, renameSync, writeFileSync } from 'node:fs';

/** A log daemon as far as HAProxy knows one: takes its lines by UDP (RFC 3164) and writes them to a file as rsyslog does. */
export interface Syslog {
  readonly port: number;
  readonly file: string;
  /** As logrotate does: the file becomes `.1`, a new one begins. */
  readonly rotate: () => void;
  readonly close: () => void;
}

export async function startSyslog(file: string): Promise<Syslog> {
  function begin(): void {
    writeFileSync(file, '');
    chmodSync(file, 0o644);
  }
  begin();
  const socket = createSocket('udp4');
  socket.on('message', (message) => {
    // `<134>Nov 27 15:04:05 haproxy[1]: text`: the daemon takes the priority off and puts the host in.
    const [, time = '', text = ''] = /^<\d+>(\w{3} [ \d]\d [\d:]{8}) ([\s\S]*)$/.exec(message.toString()) ?? [];
    appendFileSync(file, `${time} lb1 ${text.trimEnd()}\n`);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return {
    port: socket.address().port,
    file,
    rotate: () => {
      renameSync(file, `${file}.1`);
      begin();
    },
    close: () => {
      socket.close();
    },
  };
}
