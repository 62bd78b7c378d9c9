import { cookieInsert } from './cookie-insert.ts';
import type { PersistenceMethod } from './method.ts';
import { sourceIp } from './source-ip.ts';

const list: readonly PersistenceMethod[] = [cookieInsert, sourceIp];

/** Every persistence method that the engine has, by its name in the model. One import and one name make another. */
export const persistenceMethods: ReadonlyMap<string, PersistenceMethod> = new Map(
  list.map((method) => [method.id, method]),
);
