/** How a client is held on its member. */
export interface PersistenceMethod {
  readonly id: string;
}

const list: readonly PersistenceMethod[] = [];

/** Every persistence method that the engine has, by its name in the model. One import and one name make another. */
export const persistenceMethods: ReadonlyMap<string, PersistenceMethod> = new Map(
  list.map((method) => [method.id, method]),
);
