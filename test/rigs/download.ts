import { get } from 'node:http';

/** A body that a back end has begun to send, and that the client does not take yet. */
export interface Download {
  /** Name of the back end. */
  readonly by: string;
  /** Reads to the end; resolves with the bytes of the whole body, rejects where it was cut off. */
  readonly readOn: () => Promise<number>;
}

/** More than all buffers on its way hold. */
export const downloadBytes = 16_000_000;

export function startDownload(port: number, headers: Readonly<Record<string, string>> = {}): Promise<Download> {
  return new Promise((resolve, reject) => {
    const path = `/?bytes=${downloadBytes}`;
    const request = get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      const by = response.headers['x-backend'];
      resolve({
        by: typeof by === 'string' ? by : '',
        readOn: async () => {
          let bytes = 0;
          for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length; // no encoding set
          return bytes;
        },
      });
    });
    request.on('error', reject);
  });
}
