import { createServer, Agent } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// The Node proxies that `npm run bench` measures beside the engine, as their documentation tells to set them up:
// bench-peer.mjs KIND PORT BACKEND-PORTS FOLDER, where FOLDER holds their packages. Round robin, X-Forwarded-For added.

const [kind, port, backends, folder] = process.argv.slice(2);
const load = createRequire(join(folder, 'package.json'));
const targets = backends.split(',').map((each) => `http://127.0.0.1:${each}`);
let turn = 0;
const nextTarget = () => (turn = (turn + 1) % targets.length);

const kinds = {
  'http-proxy-3': () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256, scheduling: 'lifo' });
    const proxy = load('http-proxy-3').createProxyServer({ agent, xfwd: true });
    proxy.on('error', (_error, _request, response) => fail(response));
    return (request, response) => proxy.web(request, response, { target: targets[nextTarget()] });
  },
  'fast-proxy': () => {
    const options = { keepAliveMsecs: 60_000, maxSockets: 256, maxFreeSockets: 256 };
    const proxies = targets.map((base) => load('fast-proxy')({ base, ...options }).proxy);
    const rewriteRequestHeaders = (request, headers) => ({
      ...headers,
      'x-forwarded-for': request.socket.remoteAddress,
    });
    return (request, response) =>
      proxies[nextTarget()](request, response, request.url, { rewriteRequestHeaders, onClose: () => undefined });
  },
  undici: () => {
    const { Pool } = load('undici');
    const pools = targets.map((target) => new Pool(target, { connections: 64, pipelining: 1 }));
    return (request, response) => {
      const headers = { ...request.headers };
      delete headers.connection;
      headers['x-forwarded-for'] = request.socket.remoteAddress;
      const hasBody = 'content-length' in headers || 'transfer-encoding' in headers;
      const options = { method: request.method, path: request.url, headers, body: hasBody ? request : null };
      pools[nextTarget()].request(options).then(
        (answer) => {
          const fields = { ...answer.headers };
          delete fields.connection;
          delete fields['keep-alive'];
          response.writeHead(answer.statusCode, fields);
          answer.body.pipe(response);
        },
        () => fail(response),
      );
    };
  },
};

const server = createServer(kinds[kind]());
server.keepAliveTimeout = 600_000;
server.requestTimeout = server.headersTimeout = 0;
server.listen(Number(port), '127.0.0.1', 4096);
process.on('uncaughtException', (error) => process.stderr.write(`${kind}: ${error.message}\n`));

function fail(response) {
  if (!response.headersSent) response.writeHead?.(502);
  response.end();
}
