import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { engineMemberSchema } from '../../contract/engine-config.ts';
import { adminStateSchema } from '../../contract/model.ts';
import { keyOfUrl } from '../cache/request.ts';
import { fixedSections } from '../config/fixed.ts';
import { checkConfig } from '../config/load.ts';
import { formatPath } from '../config/problem.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { EngineEvent } from '../supervisor/events.ts';
import { renderMetrics } from './metrics.ts';
import { AdminProblem } from './problem-document.ts';

/** What the calls of the admin interface act on. */
export interface AdminTarget {
  readonly supervisor: Supervisor;
  /** Reads the file again and runs it; run-time changes are undone: the file wins. */
  readonly reload: () => Promise<void>;
}

interface Call {
  readonly target: AdminTarget;
  readonly url: URL;
  readonly parts: readonly string[];
  readonly request: IncomingMessage;
  readonly body: () => Promise<unknown>;
  readonly response: ServerResponse;
}

interface Route {
  readonly method: string;
  /** Segments; `:x` stands for any one. */
  readonly path: string;
  readonly answer: (call: Call) => Promise<void> | void;
}

const patchSchema = z
  .strictObject({
    weight: z.number().int().min(0).max(256).optional(),
    adminState: adminStateSchema.optional(),
    maxConnections: z.number().int().min(0).optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'one of weight, adminState, maxConnections');

const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/healthz',
    answer: ({ response }) => {
      json(response, 200, { status: 'ok' });
    },
  },
  {
    method: 'GET',
    path: '/v1/config',
    answer: ({ target, response }) => {
      json(response, 200, withoutToken(target));
    },
  },
  { method: 'PUT', path: '/v1/config', answer: putConfig },
  { method: 'POST', path: '/v1/reload', answer: reload },
  {
    method: 'GET',
    path: '/v1/stats',
    answer: async ({ target, response }) => {
      json(response, 200, await target.supervisor.statistics());
    },
  },
  { method: 'GET', path: '/v1/events', answer: events },
  { method: 'GET', path: '/metrics', answer: metrics },
  { method: 'PUT', path: '/v1/certificates/:certificate', answer: putCertificate },
  { method: 'GET', path: '/v1/persistence', answer: getPersistence },
  { method: 'DELETE', path: '/v1/persistence', answer: deletePersistence },
  { method: 'DELETE', path: '/v1/cache', answer: purgeCache },
  { method: 'POST', path: '/v1/pools/:pool/members', answer: postMember },
  { method: 'PATCH', path: '/v1/pools/:pool/members/:member', answer: patchMember },
  { method: 'DELETE', path: '/v1/pools/:pool/members/:member', answer: deleteMember },
];

/** Answers one call. Throws `AdminProblem` or `AppError` for a call that cannot be carried out: nothing was changed then. */
export async function answerCall(
  target: AdminTarget,
  request: IncomingMessage,
  body: () => Promise<unknown>,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://engine');
  const matching = routes.flatMap((route) => {
    const parts = match(route.path, url.pathname);
    return parts === undefined ? [] : [{ route, parts }];
  });
  const found = matching.find(({ route }) => route.method === request.method);
  if (found === undefined) {
    if (matching.length === 0)
      throw new AdminProblem(
        404,
        'There is no such resource.',
        `"${url.pathname}" is not part of the admin interface.`,
      );
    response.setHeader('allow', matching.map(({ route }) => route.method).join(', '));
    throw new AdminProblem(
      405,
      'The method is not allowed here.',
      `${request.method ?? ''} ${url.pathname} does not exist.`,
    );
  }
  await found.route.answer({ target, url, request, parts: found.parts, body, response });
}

function match(pattern: string, path: string): string[] | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const parts: string[] = [];
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    if (segment.startsWith(':')) parts.push(decode(value));
    else if (segment !== value) return undefined;
  }
  return parts;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new AdminProblem(
      400,
      'The path cannot be read.',
      `"${text}" is not percent-encoded text (${String(error)}).`,
    );
  }
}

/** The token is a secret: it goes in and never out. */
function withoutToken({ supervisor }: AdminTarget): unknown {
  const { admin, ...config } = supervisor.config;
  if (admin === undefined) return config;
  const { token, ...rest } = admin;
  return { ...config, admin: token === undefined ? rest : { ...rest, token: '********' } };
}

/** Runs a whole configuration without touching the file: the next reload undoes it. */
async function putConfig({ target, body, response }: Call): Promise<void> {
  const checked = checkConfig(keepToken(await body(), target), target.supervisor.baseDirectory);
  if (checked.config === undefined) {
    const errors = checked.problems.map((problem) => ({
      field: formatPath(problem.path),
      detail: `${problem.what}, ${problem.why}, ${problem.remedy}`,
    }));
    throw new AdminProblem(422, 'The configuration is not valid.', 'Nothing was changed.', errors);
  }
  for (const key of fixedSections) {
    if (JSON.stringify(checked.config[key]) === JSON.stringify(target.supervisor.config[key])) continue;
    throw new AdminProblem(422, 'The configuration is not valid.', 'Nothing was changed.', [
      { field: key, detail: 'it cannot be changed over the admin interface: change the file and restart' },
    ]);
  }
  if (JSON.stringify(checked.config.scripts) !== JSON.stringify(target.supervisor.config.scripts)) {
    throw new AdminProblem(422, 'The configuration is not valid.', 'Nothing was changed.', [
      { field: 'scripts', detail: 'what the engine may run is never set over the admin interface: change the file' },
    ]);
  }
  await target.supervisor.apply(checked.config, 'put');
  json(response, 200, {
    status: 'running',
    isPersistent: false,
    note: 'The file was not changed: the next reload brings it back.',
  });
}

/** What GET answered may be sent back as it is. */
function keepToken(data: unknown, { supervisor }: AdminTarget): unknown {
  const shape = z.looseObject({ admin: z.looseObject({ token: z.literal('********') }) }).safeParse(data);
  const token = supervisor.config.admin?.token;
  if (!shape.success || token === undefined) return data;
  return { ...shape.data, admin: { ...shape.data.admin, token } };
}

const certificateSchema = z.strictObject({ cert: z.string().min(1), key: z.string().min(1) });

/** PEM texts, the certificate with its chain. Connections that are open go on with the one that they began with. */
async function putCertificate({ target, parts, body, response }: Call): Promise<void> {
  const [name = ''] = parts;
  await target.supervisor.putCertificate(name, parse(certificateSchema, await body()));
  json(response, 200, {
    status: 'changed',
    isPersistent: false,
    note: 'The files were not changed: the next reload brings them back.',
  });
}

async function reload({ target, response }: Call): Promise<void> {
  await target.reload();
  json(response, 200, { status: 'running' });
}

async function metrics({ target, response }: Call): Promise<void> {
  const text = renderMetrics(await target.supervisor.statistics());
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(text);
}

/** Begins with what came after the `Last-Event-ID` of a reader that comes back; `missed` tells of those not kept any more. */
function events({ target, request, response }: Call): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': connected\n\n');
  const given = request.headers['last-event-id'];
  const last = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : undefined;
  if (last !== undefined) {
    const { events: earlier, missed } = target.supervisor.events.after(last);
    if (missed > 0) response.write(`event: missed\ndata: ${JSON.stringify({ event: 'missed', count: missed })}\n\n`);
    for (const event of earlier) response.write(frame(event));
  }
  const stop = target.supervisor.events.listen((event) => {
    // A reader that does not read loses events rather than filling memory.
    if (response.writableLength < 1_048_576) response.write(frame(event));
  });
  const beat = setInterval(() => response.write(': still here\n\n'), 15_000);
  response.on('close', () => {
    clearInterval(beat);
    stop();
  });
}

function frame(event: EngineEvent): string {
  return `id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
}

async function postMember({ target, parts, body, response }: Call): Promise<void> {
  const [pool = ''] = parts;
  const member = parse(engineMemberSchema, await body());
  assertRunnable(target, pool, member);
  await target.supervisor.addMember(pool, member);
  json(response, 201, { status: 'added' });
}

/** The configuration with the new member must pass the same checks as a file. */
function assertRunnable({ supervisor }: AdminTarget, pool: string, member: z.infer<typeof engineMemberSchema>): void {
  const { config } = supervisor;
  const pools = (config.pools ?? []).map((each) =>
    each.name === pool ? { ...each, members: [...(each.members ?? []), member] } : each,
  );
  const checked = checkConfig({ ...config, pools }, supervisor.baseDirectory);
  if (checked.config !== undefined) return;
  const duplicate = checked.problems.some((problem) => problem.what.includes('stands twice'));
  const errors = checked.problems.map(({ path, what, why, remedy }) => ({
    field: String(path.at(-1)),
    detail: `${what}, ${why}, ${remedy}`,
  }));
  throw new AdminProblem(
    duplicate ? 409 : 422,
    duplicate ? 'A member of that name exists.' : 'The member is not valid.',
    'Nothing was changed.',
    errors,
  );
}

async function patchMember({ target, parts, body, response }: Call): Promise<void> {
  const [pool = '', member = ''] = parts;
  await target.supervisor.patchMember(pool, member, parse(patchSchema, await body()));
  json(response, 200, {
    status: 'changed',
    isPersistent: false,
    note: 'The file was not changed: the next reload brings it back.',
  });
}

async function deleteMember({ target, parts, url, response }: Call): Promise<void> {
  const [pool = '', member = ''] = parts;
  await target.supervisor.removeMember(pool, member, url.searchParams.has('force'));
  json(response, 200, { status: 'removed' });
}

async function getPersistence({ target, url, response }: Call): Promise<void> {
  const client = clientOf(url);
  json(response, 200, { client, held: await target.supervisor.heldClient(client, false) });
}

async function deletePersistence({ target, url, response }: Call): Promise<void> {
  const client = clientOf(url);
  json(response, 200, { status: 'released', client, held: await target.supervisor.heldClient(client, true) });
}

async function purgeCache({ target, url, response }: Call): Promise<void> {
  const [what, tag] = [url.searchParams.get('url'), url.searchParams.get('tag')];
  if ((what === null) === (tag === null) || (what !== null && keyOfUrl(what) === undefined) || tag === '') {
    throw new AdminProblem(422, 'The request is not valid.', 'Nothing was changed.', [
      { field: 'url', detail: 'one of url=http://host/path and tag=name is needed' },
    ]);
  }
  const purged = await target.supervisor.purgeCache({
    ...(what === null ? {} : { url: what }),
    ...(tag === null ? {} : { tag }),
  });
  json(response, 200, { status: 'purged', purged });
}

/** An address, or the key that a pool knows its client by; a whole table is never asked for. */
function clientOf(url: URL): string {
  const client = url.searchParams.get('client') ?? '';
  if (client !== '') return client;
  const detail = 'the address or the key of a client is needed: /v1/persistence?client=192.0.2.1';
  throw new AdminProblem(422, 'The request is not valid.', 'Nothing was changed.', [{ field: 'client', detail }]);
}

function parse<T>(schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({
    field: [...issue.path.map(String), ...(issue.code === 'unrecognized_keys' ? issue.keys : [])].join('.'),
    detail: issue.message,
  }));
  throw new AdminProblem(422, 'The request is not valid.', 'Nothing was changed.', errors);
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(value)}\n`);
}
