/** HAProxy's command line, as far as a second start or a check of the same configuration needs it (management.txt 3). */
export interface Arguments {
  /** Files and directories in the order in which they are loaded. */
  readonly files: readonly string[];
  readonly isMaster: boolean;
  readonly isDaemon: boolean;
  /** Address of the master's socket without its bind options. */
  readonly masterSocket?: string;
  readonly pidFile?: string;
  /** What has to stand beside the files for the same reading of them (`-L name`, `-m 512`, `-dr` ...). */
  readonly forCheck: readonly string[];
  /** The whole line for another start, without what a reload adds (`-sf`, `-st`, `-x`) and without `-C`, which has been followed. */
  readonly forStart: readonly string[];
}

const withValue = new Set(['C', 'n', 'm', 'N', 'L', 'f', 'p', 'i', 'S', 'x', 'G']);
const forCheckValues = new Set(['n', 'm', 'N', 'L']);

/** `words`: what follows the program's own name. */
export function parseArguments(words: readonly string[]): Arguments {
  const files: string[] = [];
  const forCheck: string[] = [];
  const forStart: string[] = [];
  const values = new Map<string, string>();
  const flags = new Set<string>();
  let at = 0;
  while (at < words.length) {
    const word = words[at] ?? '';
    const value = words[at + 1];
    at += 1;
    if (word === '--') {
      files.push(...words.slice(at));
      forStart.push(...words.slice(at).flatMap((file) => ['-f', file]));
      break;
    }
    const flag = word.slice(1);
    if (flag === 'sf' || flag === 'st') {
      while (at < words.length && words[at]?.startsWith('-') === false) at += 1;
    } else if (withValue.has(flag) && value !== undefined) {
      at += 1;
      values.set(flag, value);
      if (flag === 'f') files.push(value);
      if (forCheckValues.has(flag)) forCheck.push(word, value);
      if (flag !== 'x' && flag !== 'C') forStart.push(word, value);
    } else {
      flags.add(flag);
      forStart.push(word);
      if (/^d[A-Zre]/.test(flag) && flag !== 'dD') forCheck.push(word);
    }
  }
  const masterSocket = values.get('S')?.split(',')[0];
  const pidFile = values.get('p');
  return {
    files,
    isMaster: flags.has('W') || flags.has('Ws'),
    isDaemon: flags.has('D'),
    ...(masterSocket === undefined ? {} : { masterSocket: masterSocket.replace(/^unix@/, '') }),
    ...(pidFile === undefined ? {} : { pidFile }),
    forCheck,
    forStart,
  };
}
