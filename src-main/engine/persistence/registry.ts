import { cookieInsert, cookiePrefix, cookieRewrite } from './cookie-methods.ts';
import type { PersistenceMethod } from './method.ts';
import {
  cookieLearn,
  destinationIp,
  expressionValue,
  headerValue,
  queryParameter,
  sourceIp,
  tlsSessionId,
} from './table-methods.ts';

const list: readonly PersistenceMethod[] = [
  cookieInsert,
  cookieRewrite,
  cookiePrefix,
  cookieLearn,
  sourceIp,
  destinationIp,
  tlsSessionId,
  headerValue,
  queryParameter,
  expressionValue,
];

/** Every persistence method that the engine has, by its name in the model. One import and one name make another. */
export const persistenceMethods: ReadonlyMap<string, PersistenceMethod> = new Map(
  list.map((method) => [method.id, method]),
);
