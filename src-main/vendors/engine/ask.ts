import { AppError } from '../../contract/errors.ts';
import type { HttpSession } from '../../transports/transport.ts';

/**
 * Reads a JSON answer of the admin interface. Throws AUTH_FAILED (401, 403), COMMAND_REJECTED with the engine's own words for any
 * other refusal, OUTPUT_UNPARSED for what is no JSON, and what the session throws.
 */
export async function askJson(http: HttpSession, path: string, signal: AbortSignal): Promise<unknown> {
  const { status, body } = await http.fetch('GET', path, undefined, { signal });
  const raw = body.toString('utf8').slice(0, 4096);
  if (status === 401 || status === 403) {
    throw new AppError('AUTH_FAILED', `GET ${path} was refused with status ${status}: check the token.`, { raw });
  }
  if (status !== 200) {
    throw new AppError('COMMAND_REJECTED', `GET ${path} was answered with status ${status}. Nothing was changed.`, {
      raw,
    });
  }
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw new AppError('OUTPUT_UNPARSED', `The answer to GET ${path} is no JSON.`, { raw, cause: error });
  }
}
