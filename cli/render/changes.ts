import type { PropertyChange, ResourceChange } from '../../driver/engine/changes';
import type { StackChange } from '../../driver/engine/update';

/** What an update or a preview moves: CPU and weights by region, everything else counted; every resource with `verbose`. */
export function renderChange({ changes, seconds, notes }: StackChange, verbose: boolean): string {
  return [
    ...notes.map((note) => `  ${note}`),
    ...(verbose
      ? changes.flatMap((change) => [
          `  ${change.operation} ${change.resource}`,
          ...change.properties.map(describeProperty),
        ])
      : placementLines(changes)),
    `  ${countByKind(changes)}, ${seconds.toFixed(1)} s`,
  ].join('\n');
}

/** As in "3 PodCpu, 6 weights updated; 1 Deployment created"; a replaced resource counts once. */
export function countByKind(changes: readonly ResourceChange[]): string {
  const byVerb = Map.groupBy(
    new Map(changes.map((change) => [change.urn, change])).values(),
    ({ operation }) => verbs[operation] ?? operation,
  );
  const counted = [...byVerb].map(([verb, done]) => {
    const kinds = Map.groupBy(done, ({ resource }) => kindOf(resource));
    return `${[...kinds].map(([kind, of]) => `${of.length} ${kind}`).join(', ')} ${verb}`;
  });
  return counted.length === 0 ? 'no change' : counted.join('; ');
}

const verbs: Readonly<Record<string, string>> = {
  create: 'created',
  update: 'updated',
  delete: 'deleted',
  replace: 'replaced',
  'create-replacement': 'replaced',
  'delete-replaced': 'replaced',
  import: 'imported',
};

/** A command on a host is known by the end of its name. */
function kindOf(resource: string): string {
  const [type = '', name = ''] = resource.split(' ');
  if (type !== 'Command') return type;
  if (name.endsWith('-weights')) return 'weights';
  if (!name.endsWith('-process')) return type;
  return name.endsWith('-traefik-process') ? 'Traefik' : 'Prometheus';
}

/** Where a region's CPU stands among the properties of what carries it. */
const cpuPaths: Readonly<Record<string, RegExp>> = {
  PodCpu: /^limitMillicores$/,
  Deployment: /\.resources\.limits\.cpu$/,
};

function placementLines(changes: readonly ResourceChange[]): string[] {
  const named = changes.map((change) => {
    const [type = '', name = ''] = change.resource.split(' ');
    return { type, name, properties: change.properties };
  });
  const cpu = named.flatMap(({ type, name, properties }) => {
    const found = properties.find(({ path }) => cpuPaths[type]?.test(path));
    return found ? [`${name} ${millicores(found.before)} -> ${millicores(found.after)}`] : [];
  });
  const pods = named.flatMap(({ type, name, properties }) => {
    const found = type === 'Deployment' ? properties.find(({ path }) => path === 'spec.replicas') : undefined;
    return found ? [`${name} ${asText(found.before)} -> ${asText(found.after)}`] : [];
  });
  const weights = named.flatMap(({ type, name }) =>
    type === 'Command' && name.endsWith('-weights') ? [name.replace(/-weights$/, '')] : [],
  );
  return [
    ...(cpu.length > 0 ? [`  CPU: ${cpu.join(', ')}`] : []),
    ...(pods.length > 0 ? [`  pods: ${pods.join(', ')}`] : []),
    ...(weights.length > 0 ? [`  weights of: ${[...new Set(weights)].join(', ')}`] : []),
  ];
}

function millicores(value: unknown): string {
  return typeof value === 'number' ? `${value}m` : asText(value);
}

function describeProperty({ path, before, after }: PropertyChange): string {
  return isPage(before) && isPage(after)
    ? `      ${path}: ${differingLines(before, after)} of ${after.split('\n').length} lines differ`
    : `      ${path}: ${asText(before)} -> ${asText(after)}`;
}

/** A file's text, such as a proxy's weights: `pulumi preview --diff` shows all of it. */
function isPage(value: unknown): value is string {
  return typeof value === 'string' && value.includes('\n');
}

function differingLines(before: string, after: string): number {
  const old = new Set(before.split('\n'));
  return after.split('\n').filter((line) => !old.has(line)).length;
}

function asText(value: unknown): string {
  return value === undefined ? '(none)' : typeof value === 'string' ? value : JSON.stringify(value);
}
