/** Inside Electron a child runs as plain Node. */
export function runAsNode(): NodeJS.ProcessEnv {
  return 'electron' in process.versions ? { ...process.env, ELECTRON_RUN_AS_NODE: '1' } : process.env;
}
