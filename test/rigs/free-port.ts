import { type AddressInfo, createServer } from 'node:net';

/** Free at this moment, for programs that take no port 0. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's
  await new Promise((resolve) => server.close(resolve));
  return port;
}
