import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { openStack } from '../driver/engine/stack';
import { readStackFile, setStackValue, writeStackPlan } from '../stack/stackFile';
import { median } from './median';

/**
 * How long Pulumi takes for a changed plan, beside what a person would type instead: `kubectl patch` and
 * `kubectl rollout status` of the same Deployments. Both act on the same cluster, one after the other, round by round.
 * Runs in the lab; the last line is one JSON object.
 */

const checkout = path.resolve(__dirname, '..', '..');
const rounds = 5;
const stackName = 'bench-apply';
const [ours, theirs] = ['bench-pulumi', 'bench-kubectl'];
/**
 * What changes from round to round, and back: three regions. Small enough that both namespaces' pods, and the ones
 * that take their place, fit on a machine of two cores.
 */
const sizes = [
  { 'eu-west-3': 301, 'us-east-1': 201, 'ap-southeast-2': 101 },
  { 'eu-west-3': 321, 'us-east-1': 221, 'ap-southeast-2': 121 },
] as const;

const folder = mkdtempSync(path.join(tmpdir(), 'casper-bench-'));
const configFile = path.join(folder, `Pulumi.${stackName}.yaml`);

async function pulumi(...args: string[]): Promise<number> {
  const all = [...args, '--stack', stackName, '--config-file', configFile, '--non-interactive'];
  return seconds(() => execa('pulumi', all, { cwd: checkout }));
}

const kubectl = (...args: string[]) => execa('kubectl', args);

async function seconds(work: () => PromiseLike<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function setPlan(size: (typeof sizes)[number]): void {
  const { plan } = readStackFile(configFile);
  const regions = { ...plan.regions };
  for (const [region, cpuMillicores] of Object.entries(size)) {
    regions[region] = { servers: Math.floor(cpuMillicores / 10), cpuMillicores };
  }
  writeStackPlan(configFile, { ...plan, regions });
}

/** The same Deployments, in a namespace that Pulumi does not know of. */
async function copyDeployments(): Promise<void> {
  await kubectl('create', 'namespace', theirs);
  const { stdout } = await kubectl('get', 'deployments', '-n', ours, '-o', 'json');
  const { items } = JSON.parse(stdout) as {
    items: { metadata: { name: string; labels: object }; spec: object }[];
  };
  const copies = items.map(({ metadata: { name, labels }, spec }) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels, namespace: theirs },
    spec,
  }));
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: copies });
  await execa('kubectl', ['apply', '-f', '-'], { input: list });
  for (const { metadata } of copies) await rolledOut(metadata.name);
}

const rolledOut = (name: string) =>
  kubectl('rollout', 'status', `deployment/${name}`, '-n', theirs, '--timeout=120s');

function patchByHand(size: (typeof sizes)[number]): Promise<number> {
  return seconds(async () => {
    const names = Object.keys(size).map((region) => `kiwix-${region}`);
    for (const [region, cpuMillicores] of Object.entries(size)) {
      const resources = {
        limits: { cpu: `${cpuMillicores}m` },
        requests: { cpu: `${Math.ceil(cpuMillicores * 0.9)}m` },
      };
      const patch = { spec: { template: { spec: { containers: [{ name: 'kiwix-serve', resources }] } } } };
      await kubectl('patch', 'deployment', `kiwix-${region}`, '-n', theirs, '-p', JSON.stringify(patch));
    }
    for (const name of names) await rolledOut(name);
  });
}

async function main(): Promise<void> {
  copyFileSync(path.join(checkout, 'Pulumi.dev.yaml'), configFile);
  setStackValue(configFile, { keys: ['casper:service', 'namespace'], value: ours });
  setStackValue(configFile, { keys: ['casper:service', 'cpuChange'], value: 'rollout' });
  setPlan(sizes[0]);
  await openStack({ projectDirectory: checkout, stackName, configFile });
  try {
    await pulumi('up', '--yes', '--skip-preview');
    await copyDeployments();
    const figures = { preview: [] as number[], up: [] as number[], kubectl: [] as number[] };
    for (let round = 1; round <= rounds; round++) {
      const size = sizes[round % 2] as (typeof sizes)[number];
      figures.preview.push(await pulumi('preview'));
      setPlan(size);
      figures.up.push(await pulumi('up', '--yes', '--skip-preview'));
      figures.kubectl.push(await patchByHand(size));
      const last = Object.entries(figures).map(
        ([name, values]) => `${name} ${(values.at(-1) ?? NaN).toFixed(2)} s`,
      );
      console.log(`round ${round}: ${last.join(', ')}`);
    }
    console.log(
      JSON.stringify({
        previewSeconds: median(figures.preview),
        upSeconds: median(figures.up),
        kubectlSeconds: median(figures.kubectl),
        ratio: median(figures.up) / median(figures.kubectl),
      }),
    );
  } finally {
    await pulumi('destroy', '--yes', '--remove');
    await kubectl('delete', 'namespace', theirs, '--ignore-not-found', '--wait=false');
    rmSync(folder, { recursive: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
