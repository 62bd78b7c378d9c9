import type { DeviceAddress } from '../contract/address.ts';
import { AppError } from '../contract/errors.ts';
import type { Command } from '../contract/plan.ts';
import type { HostSession, HttpSession, Session } from '../transports/transport.ts';
import { maskWith } from '../vendors/mask.ts';
import type { DriverTools, OpenDevice, VendorDriver } from '../vendors/vendor.ts';
import { TwoWayPoll } from './poll-both.ts';

const shellTimeoutMs = 60_000;

/** Bytes that a command names and no plan holds. */
export type SecretOf = (id: string) => Buffer | undefined;

/** One device: what its driver makes of it, and the way to send it the commands of a plan as they stand. */
export class DeviceLink {
  /** Over a session that comes back after it was lost. */
  readonly device: OpenDevice;
  readonly driver: VendorDriver;
  /** This way into this kind of device was never tried on a real one. */
  readonly isUntried: boolean;
  /** Lets the next call connect at once, whatever refused the last ones: a person asks, or has mended something. */
  readonly retryNow: () => void;
  readonly #session: Session;
  readonly #beside: DeviceLink | undefined;

  /** `beside`: another way into the same device, which is polled with it. */
  constructor(
    driver: VendorDriver,
    address: DeviceAddress,
    session: Session,
    tools: DriverTools,
    retryNow: () => void = () => undefined,
    beside?: DeviceLink,
  ) {
    this.driver = driver;
    this.isUntried = driver.untried?.includes(address.transport) === true;
    const device = driver.open(session, address, tools);
    const both = beside === undefined ? undefined : new TwoWayPoll({ driver, device }, beside, tools.now);
    this.device = both === undefined ? device : { ...device, poll: (signal) => both.poll(signal) };
    this.#session = session;
    this.#beside = beside;
    this.retryNow = () => {
      retryNow();
      beside?.retryNow();
    };
  }

  /** Sends one command of a plan as it stands. Throws COMMAND_REJECTED with the device's own words, secrets masked. */
  send(command: Command, signal: AbortSignal, secretOf?: SecretOf): Promise<string> {
    if (command.kind === 'http') return this.#call(httpOf(this.#session), command, signal);
    const host = hostOf(this.#session);
    if (command.kind === 'socket') return this.#ask(host, command, signal);
    return this.#run(host, command, signal, command.stdin && secretOf?.(command.stdin.secret));
  }

  close(): void {
    closeSession(this.#session);
    this.#beside?.close();
  }

  /** A text of the device without the secrets that its driver knows the look of. */
  mask(text: string): string {
    return maskSecrets(this.driver, text);
  }

  async #run(
    host: HostSession,
    command: Extract<Command, { kind: 'shell' }>,
    signal: AbortSignal,
    stdin: Buffer | undefined,
  ): Promise<string> {
    if (command.stdin !== undefined && stdin === undefined) {
      const why = 'its bytes stand in no plan and ended with the console that made it';
      throw new AppError('PLAN_INVALID', `The plan needs a key that is no longer held: ${why}. Make the plan again.`);
    }
    const options = { signal, timeoutMs: command.timeoutMs ?? shellTimeoutMs };
    const input = stdin ?? (command.input === undefined ? undefined : Buffer.from(command.input));
    const result = await host.exec(command.text, input === undefined ? options : { ...options, stdin: input });
    const said = without(stdin, this.mask(Buffer.concat([result.stdout, result.stderr]).toString('utf8')));
    if (command.expect !== undefined) {
      if (new RegExp(command.expect, 'u').test(said.replaceAll('\r', ''))) return said;
      throw this.#rejected(`"${this.mask(command.shown)}" was not taken`, said);
    }
    if (result.code === 0) return said;
    const ending =
      result.code === null ? `was ended by signal ${result.signal ?? '?'}` : `ended with status ${result.code}`;
    throw this.#rejected(`The command ${ending}`, said);
  }

  async #ask(host: HostSession, command: Extract<Command, { kind: 'socket' }>, signal: AbortSignal): Promise<string> {
    const payload = command.payloadFile === undefined ? '' : await payloadOf(host, command.payloadFile, signal);
    const said = this.mask((await host.request(command.socket, command.text + payload, { signal })).toString('utf8'));
    if (new RegExp(command.expect ?? '^\\s*$', 'u').test(said)) return said;
    throw this.#rejected(command.otherwise ?? `"${this.mask(command.text.trim())}" was not taken`, said);
  }

  async #call(http: HttpSession, command: Extract<Command, { kind: 'http' }>, signal: AbortSignal): Promise<string> {
    const answer = await http.fetch(command.method, command.path, command.body, { signal });
    const said = this.mask(answer.body.toString('utf8'));
    if (answer.status < 400) return '';
    throw this.#rejected(`${command.method} ${command.path} was answered with ${answer.status}`, said);
  }

  #rejected(what: string, said: string): AppError {
    const words = said.trim();
    return new AppError('COMMAND_REJECTED', `${what}${words === '' ? '.' : `: ${firstLines(words)}`}`, { raw: words });
  }
}

/** An answer that repeats any line of the secret that it was given is told to nobody; a line of white space and zeros is no secret. */
function without(secret: Buffer | undefined, said: string): string {
  const lines = secret?.toString('latin1').split(/\r?\n/) ?? [];
  return lines.some((line) => /[^\s\0]/.test(line) && said.includes(line)) ? '' : said;
}

/** A blank line would end it early, so there is none but the last. */
async function payloadOf(host: HostSession, path: string, signal: AbortSignal): Promise<string> {
  const lines = (await host.readFile(path, { signal })).toString('latin1').split('\n');
  return `${lines.filter((line) => line.trim() !== '').join('\n')}\n\n`;
}

export function closeSession(session: Session): void {
  if (session.kind === 'host') session.host.close();
  else if (session.kind === 'http') session.http.close();
  else session.snmp.close();
}

/** A text without the secrets that a driver knows the look of. */
export function maskSecrets(driver: VendorDriver, text: string): string {
  return maskWith(driver.secrets, text);
}

function firstLines(text: string): string {
  return text.split('\n').slice(0, 5).join(' | ').slice(0, 600);
}

function hostOf(session: Session): HostSession {
  if (session.kind === 'host') return session.host;
  throw new AppError('INTERNAL', 'A command for a host was planned for a device that has none.');
}

function httpOf(session: Session): HttpSession {
  if (session.kind === 'http') return session.http;
  throw new AppError('INTERNAL', 'A call was planned for a device without an admin interface.');
}
