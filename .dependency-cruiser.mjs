const only = (name, from, allowed, why) => ({
  name,
  severity: 'error',
  comment: why,
  from: { path: from },
  to: { path: '^src-', pathNot: [from, ...allowed] },
});
const entry = '^src-main/entry\\.ts$';
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '^electron\\.vite'] },
      to: {},
    },
    only('contract-imports-nothing-of-ours', '^src-main/contract/', [], 'shared by both processes'),
    {
      name: 'contract-has-zod-alone',
      severity: 'error',
      from: { path: '^src-main/contract/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'], pathNot: 'node_modules/zod/' },
    },
    only('core-sees-contract-and-algorithms', '^src-main/core/', [
      '^src-main/contract/',
      '^src-main/engine/algorithms/',
    ]),
    only('algorithms-see-contract', '^src-main/engine/algorithms/', ['^src-main/contract/']),
    only('transports-see-contract', '^src-main/transports/', ['^src-main/contract/', entry]),
    only('store-sees-contract', '^src-main/store/', ['^src-main/contract/', entry]),
    only('engine-sees-contract', '^src-main/engine/', ['^src-main/contract/', entry]),
    only('lab-sees-contract-engine-and-simulated-devices', '^src-main/lab/', [
      '^src-main/contract/',
      '^src-main/engine/',
      '^src-main/simulate/',
      entry,
    ]),
    {
      name: 'simulated-devices-see-nothing-of-ours',
      comment: 'what they say must not come from a driver',
      severity: 'error',
      from: { path: '^src-main/simulate/', pathNot: '^src-main/simulate/carrier[a-z-]*\\.ts$' },
      to: { path: '^src-', pathNot: '^src-main/simulate/' },
    },
    {
      name: 'carried-traffic-sees-the-engine',
      comment: 'what carries the traffic of a simulated device says nothing in its name',
      severity: 'error',
      from: { path: '^src-main/simulate/carrier[a-z-]*\\.ts$' },
      to: { path: '^src-', pathNot: '^src-main/(simulate|contract|engine)/' },
    },
    only('vendors-see-transport-interface', '^src-main/vendors/', [
      '^src-main/contract/',
      '^src-main/transports/transport\\.ts$',
    ]),
    {
      name: 'vendors-open-no-socket',
      comment: 'pure parsers alone: add to this list with a reason',
      severity: 'error',
      from: { path: '^src-main/vendors/' },
      to: { dependencyTypes: ['core', 'npm'], pathNot: 'node_modules/(yaml|smol-toml|parse5)/' },
    },
    {
      name: 'vendors-are-strangers',
      severity: 'error',
      from: { path: '^src-main/vendors/([^/]+)/' },
      to: { path: '^src-main/vendors/[^/]+/', pathNot: '^src-main/vendors/$1/' },
    },
    {
      name: 'electron-only-in-app',
      severity: 'error',
      from: { path: '^src-main/', pathNot: ['^src-main/app/', '^src-main/(main|preload)\\.ts$'] },
      to: { path: 'node_modules/electron|^electron$' },
    },
    only('renderer-sees-contract', '^src-renderer/', ['^src-main/contract/']),
    {
      name: 'core-is-pure',
      severity: 'error',
      from: { path: '^src-main/(core|engine/algorithms)/' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'wires-only-in-transports',
      severity: 'error',
      from: { path: '^src-main/', pathNot: '^src-main/(transports|lab|simulate|engine/snmp)/' },
      to: { path: '^(node_modules/)?(ssh2|net-snmp)(/|$)' },
    },
    {
      name: 'state-knows-no-view',
      severity: 'error',
      from: { path: '^src-renderer/state/' },
      to: { path: '^src-renderer/(views|components|charts)/' },
    },
    {
      name: 'renderer-has-no-node',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'components-know-no-state',
      severity: 'error',
      from: { path: '^src-renderer/components/' },
      to: { path: '^src-renderer/(state|views|api)' },
    },
    {
      name: 'views-are-strangers',
      severity: 'error',
      from: { path: '^src-renderer/views/([^/]+)/' },
      to: { path: '^src-renderer/views/[^/]+/', pathNot: '^src-renderer/views/$1/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'default', 'types'],
      extensions: ['.ts', '.svelte.ts', '.js', '.svelte', '.d.ts'],
    },
  },
};
