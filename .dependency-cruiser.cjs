/** Which folder may import which, as docs/architecture.md says; and no cycles. */
const may = {
  // What every program does before it loads anything else.
  start: [],
  // What provider plugins have in common: the engine's protocol.
  plugin: [],
  traces: [],
  policies: [],
  stack: [],
  // The world as it is now: values and where they come from, and nothing of what is done about them.
  signals: ['traces', 'stack'],
  // A plan in the form of others' balancers.
  export: ['stack'],
  planning: ['traces', 'policies', 'stack'],
  study: ['traces', 'policies', 'planning'],
  cluster: ['stack'],
  components: ['start', 'plugin', 'stack', 'cluster'],
  program: ['planning', 'stack', 'cluster', 'components'],
  index: ['start', 'planning', 'stack', 'cluster', 'components', 'program'],
  load: ['traces'],
  observe: ['stack', 'cluster'],
  driver: ['start', 'planning', 'stack', 'cluster', 'load', 'observe'],
  // What a server carries, measured at one that runs.
  calibrate: ['study', 'stack', 'cluster', 'components', 'load', 'observe', 'driver'],
  live: ['traces', 'signals', 'policies', 'planning', 'study', 'stack', 'observe', 'driver'],
  report: ['traces', 'policies', 'planning', 'study', 'load', 'observe', 'driver', 'live'],
  // What casper tells Prometheus of itself.
  metrics: ['traces', 'stack', 'driver', 'live'],
  lab: ['start', 'plugin'],
  cli: [
    'start',
    'export',
    'traces',
    'signals',
    'policies',
    'planning',
    'study',
    'stack',
    'cluster',
    'load',
    'observe',
    'driver',
    'calibrate',
    'live',
    'metrics',
    'report',
    'lab',
  ],
  bench: [
    ...['traces', 'signals', 'policies', 'planning', 'study', 'stack', 'cluster', 'components'],
    ...['load', 'observe', 'driver', 'live', 'report', 'lab', 'cli'],
  ],
};
const pathOf = (layer) => (layer === 'index' ? `^${layer}\\.ts$` : `^${layer}/`);
module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(may).map(([layer, allowed]) => ({
      name: `${layer}-imports-only-${allowed.join('-') || 'itself'}`,
      severity: 'error',
      from: { path: pathOf(layer) },
      to: { path: Object.keys(may).map(pathOf), pathNot: [pathOf(layer), ...allowed.map(pathOf)] },
    })),
    {
      name: 'policies-are-pure',
      severity: 'error',
      from: { path: '^policies/' },
      to: { path: ['^node_modules/@pulumi', '^(node:)?(fs|child_process|http|https|net)'] },
    },
    {
      name: 'signals-has-no-pulumi',
      severity: 'error',
      from: { path: '^signals/' },
      to: { path: ['^node_modules/@pulumi', '^node_modules/@kubernetes'] },
    },
    {
      name: 'kubernetes-client-loads-fast',
      comment: 'see cluster/client.ts; types cost nothing',
      severity: 'error',
      from: {
        path: '^(cluster|components|program|observe|driver|calibrate|cli|bench|index)',
        pathNot: '^cluster/client\\.ts$',
      },
      to: { path: '^node_modules/@kubernetes', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'stack-has-no-pulumi',
      severity: 'error',
      from: { path: '^stack/' },
      to: { path: '^node_modules/@pulumi' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|test)/' },
  },
};
