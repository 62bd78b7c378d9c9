import { readFile } from 'node:fs/promises';
import ssh2, { type IdentityCallback, type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';

/** An agent of which only some keys are offered (ssh_config(5), IdentitiesOnly). Public keys are compared as SSH writes them. */
export class ChosenKeysAgent extends ssh2.BaseAgent {
  readonly #agent: ssh2.BaseAgent;
  readonly #allowed: readonly Buffer[];

  constructor(agent: ssh2.BaseAgent, allowed: readonly Buffer[]) {
    super();
    this.#agent = agent;
    this.#allowed = allowed;
  }

  override getIdentities(callback: IdentityCallback): void {
    this.#agent.getIdentities((error, keys) => {
      if (error) callback(error);
      else
        callback(
          undefined,
          (keys ?? []).filter((key) => this.#isAllowed(key)),
        );
    });
  }

  override sign(
    publicKey: ParsedKey | Buffer | string,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    // Two shapes of one call, handed on as they came.
    if (typeof options === 'function') this.#agent.sign(publicKey, data, options);
    else this.#agent.sign(publicKey, data, options, callback);
  }

  #isAllowed(key: unknown): boolean {
    const parsed = ssh2.utils.parseKey(key as Buffer); // an agent gives keys as SSH writes them, or parsed
    if (parsed instanceof Error) return false;
    const wire = parsed.getPublicSSH();
    return this.#allowed.some((allowed) => allowed.equals(wire));
  }
}

/** The public halves of key files: of `FILE.pub` where there is one, else of the file itself. What cannot be read allows nothing. */
export async function readPublicKeys(files: readonly string[]): Promise<readonly Buffer[]> {
  const keys = await Promise.all(files.flatMap((file) => [`${file}.pub`, file]).map(readPublicKey));
  return keys.filter((key) => key !== undefined);
}

async function readPublicKey(file: string): Promise<Buffer | undefined> {
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch {
    return undefined; // not every file that is named has to be there
  }
  const parsed = ssh2.utils.parseKey(text);
  return parsed instanceof Error ? undefined : parsed.getPublicSSH();
}
