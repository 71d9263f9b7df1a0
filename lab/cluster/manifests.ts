import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { cacheDirectory } from '../places';
import type { Step } from '../step';
import { goSourceDirectory, goVersion } from '../tools/goTools';

const directory = path.join(cacheDirectory, 'manifests');

/** Upstream's manifests, as they lie in the Go modules that the programs are built from; the paths change with the versions. */
export const manifestFiles = {
  metalLb: path.join(directory, `metallb-native-${goVersion('metallb')}.yaml`),
  metricsServer: path.join(directory, `metrics-server-${goVersion('metrics-server')}.yaml`),
};

/** Puts upstream's manifests of MetalLB and metrics-server where stack files can name them. */
export async function platformManifests(step: Step, tools: ReadonlyMap<string, string>): Promise<void> {
  if (Object.values(manifestFiles).every((file) => existsSync(file))) return;
  await step('taking the manifests of MetalLB and metrics-server from their modules', async () => {
    mkdirSync(directory, { recursive: true });
    const metalLb = await goSourceDirectory('metallb');
    copyFileSync(
      path.join(metalLb, 'config', 'manifests', 'metallb-native.yaml'),
      `${manifestFiles.metalLb}.unfinished`,
    );
    renameSync(`${manifestFiles.metalLb}.unfinished`, manifestFiles.metalLb);
    const metricsServer = await goSourceDirectory('metrics-server');
    const release = path.join(metricsServer, 'manifests', 'overlays', 'release');
    const { stdout } = await execa(tools.get('kubectl') ?? 'kubectl', ['kustomize', release]);
    writeFileSync(`${manifestFiles.metricsServer}.unfinished`, stdout);
    renameSync(`${manifestFiles.metricsServer}.unfinished`, manifestFiles.metricsServer);
  });
}
