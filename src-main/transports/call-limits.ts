/** Defaults of `CallOptions`. */
export const defaultTimeoutMs = 15_000;
export const defaultMaxBytes = 32 * 1024 * 1024;
