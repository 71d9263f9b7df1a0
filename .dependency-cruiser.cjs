/** Which folder may import which, as docs/architecture.md says; and no cycles. */
const may = {
  traces: [],
  policies: [],
  config: [],
  planning: ['traces', 'policies', 'config'],
  components: [],
  index: ['planning', 'config', 'components'],
  operate: ['traces', 'policies', 'planning', 'config'],
  lab: [],
  cli: ['traces', 'policies', 'planning', 'config', 'operate', 'lab'],
  bench: ['traces', 'policies', 'planning', 'config', 'components', 'operate', 'lab', 'cli'],
};
const pathOf = (layer) => (layer === 'config' || layer === 'index' ? `^${layer}\\.ts$` : `^${layer}/`);
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
      name: 'config-has-no-pulumi',
      severity: 'error',
      from: { path: '^config\\.ts$' },
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
