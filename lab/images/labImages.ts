import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { goRuntime } from '../goRuntime';
import { LabError } from '../labError';
import { cacheDirectory, checkout } from '../places';
import type { Step } from '../step';
import { writingInto } from '../tools/fullDisk';
import { buildArguments, go } from '../tools/goCommand';
import { goVersion } from '../tools/goTools';
import { writeOciArchive, type ImageSource } from './ociArchive';

/** Name that containerd and the tests know the image by which holds a pod's namespaces. */
export const pauseImage = 'registry.k8s.io/pause:3.10';

const sources = path.join(checkout, 'lab', 'images');
const imageDirectory = path.join(cacheDirectory, 'images');
const kiwixServe = '/usr/bin/kiwix-serve';
const port = 8080;

/**
 * Builds the images that the lab's pods use, unless the cache has them already.
 * @param tools paths of the Go tools, of which some become images
 * @returns paths of OCI archives
 */
export async function labImages(step: Step, tools: ReadonlyMap<string, string>): Promise<string[]> {
  mkdirSync(imageDirectory, { recursive: true });
  return Promise.all([
    cached('pause', keyOf(folder('pause')), step, pause),
    cached('kiwix-serve', keyOf([...folder('pages'), kiwixServe]), step, kiwix),
    ...upstreamImages.map(({ binary, name }) => {
      const file = tools.get(binary) ?? '';
      return cached(binary, keyOf([file]), step, () =>
        Promise.resolve({
          name,
          files: new Map([[binary, file]]),
          entrypoint: [`/${binary}`],
          environment: goRuntime,
        }),
      );
    }),
  ]);
}

/** Under these names upstream's manifests ask for them. */
const upstreamImages = [
  { binary: 'controller', name: `quay.io/metallb/controller:${goVersion('metallb')}` },
  { binary: 'speaker', name: `quay.io/metallb/speaker:${goVersion('metallb')}` },
  {
    binary: 'metrics-server',
    name: `registry.k8s.io/metrics-server/metrics-server:${goVersion('metrics-server')}`,
  },
];

async function cached(
  name: string,
  key: string,
  step: Step,
  sourceIn: (scratch: string) => Promise<ImageSource>,
): Promise<string> {
  const archive = path.join(imageDirectory, `${name}-${key}.tar`);
  if (existsSync(archive)) return archive;
  await step(`building the image ${name}`, async () => {
    const scratch = mkdtempSync(path.join(tmpdir(), 'casper-image-'));
    try {
      await writingInto(imageDirectory, async () => writeOciArchive(await sourceIn(scratch), archive));
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
  return archive;
}

async function pause(scratch: string): Promise<ImageSource> {
  const binary = path.join(scratch, 'pause');
  await go(buildArguments(binary, ['.']), path.join(sources, 'pause'));
  return { name: pauseImage, files: new Map([['pause', binary]]), entrypoint: ['/pause'] };
}

/** kiwix-serve with the libraries that it loads, a ZIM file of the project's own pages, and cat, to read cgroups with. */
async function kiwix(scratch: string): Promise<ImageSource> {
  const zim = path.join(scratch, 'casper.zim');
  await zimOf(path.join(sources, 'pages'), zim);
  const version = /\d+\.\d+/.exec((await execa(kiwixServe, ['--version'])).stdout)?.[0];
  if (version === undefined)
    throw new LabError(`${kiwixServe} --version names no version; reinstall kiwix-tools`);
  const programs = [kiwixServe, '/bin/cat'];
  const files = new Map<string, string>([['data/casper.zim', zim]]);
  for (const file of [...programs, ...(await librariesOf(programs))])
    files.set(file.slice(1), realpathSync(file));
  return {
    name: `casper.local/kiwix-serve:${version}`,
    files,
    folders: ['tmp/'],
    entrypoint: [kiwixServe],
    command: [`--port=${port}`, '/data/casper.zim'],
    port,
  };
}

async function zimOf(pages: string, target: string): Promise<void> {
  const folder = path.join(path.dirname(target), 'pages');
  cpSync(pages, folder, { recursive: true });
  // zimwriterfs insists on an illustration: the smallest PNG there is will do.
  const onePixel =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
  writeFileSync(path.join(folder, 'icon.png'), Buffer.from(onePixel, 'base64'));
  const { failed, stdout, stderr } = await execa(
    'zimwriterfs',
    [
      '--welcome=index.html',
      '--illustration=icon.png',
      '--language=eng',
      '--name=casper',
      '--title=casper',
      '--description=Pages that the lab serves',
      '--creator=casper',
      '--publisher=casper',
      '--withoutFTIndex',
      folder,
      target,
    ],
    { reject: false },
  );
  if (failed || !existsSync(target))
    throw new LabError(`zimwriterfs failed:\n${`${stdout}\n${stderr}`.slice(-1000)}`);
}

/** Paths of the shared libraries and of the loader, by ldd. */
async function librariesOf(programs: readonly string[]): Promise<Set<string>> {
  const { stdout } = await execa('ldd', programs);
  return new Set([...stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map((match) => match[1] ?? ''));
}

function folder(name: string): string[] {
  const directory = path.join(sources, name);
  return readdirSync(directory)
    .sort()
    .map((file) => path.join(directory, file));
}

/** Changes with the files that go into an image, so that a cached archive is never stale. */
function keyOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of [...files, __filename]) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}
