import { createHash } from 'node:crypto';
import { createWriteStream, lstatSync, readFileSync, renameSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';

/** An image of one layer, from files of this machine. */
export interface ImageSource {
  /** Full name with tag, as pods ask for it. */
  readonly name: string;
  /** Path in the image -> file on this machine. */
  readonly files: ReadonlyMap<string, string>;
  /** Empty folders that the program needs. */
  readonly folders?: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly port?: number;
}

/**
 * Writes an image as an archive of the OCI image layout (opencontainers/image-spec, image-layout.md), which
 * `ctr images import` takes. The same files give the same bytes.
 */
export async function writeOciArchive(source: ImageSource, target: string): Promise<void> {
  const layer = await bytesOf((tar) => {
    for (const folder of source.folders ?? [])
      tar.entry({ name: folder, type: 'directory', mode: 0o1777, mtime });
    for (const [name, file] of source.files) {
      tar.entry({ name, mode: lstatSync(file).mode & 0o777, mtime }, readFileSync(file));
    }
  });
  const config = json({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      Env: Object.entries({ PATH: '/usr/bin:/bin', ...source.environment }).map(
        ([name, value]) => `${name}=${value}`,
      ),
      Entrypoint: source.entrypoint,
      ...(source.command ? { Cmd: source.command } : {}),
      ...(source.port === undefined ? {} : { ExposedPorts: { [`${source.port}/tcp`]: {} } }),
    },
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
  });
  const index = json({
    schemaVersion: 2,
    manifests: [
      {
        ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
        annotations: { 'io.containerd.image.name': source.name },
      },
    ],
  });
  const archive = pack();
  archive.entry({ name: 'oci-layout', mtime }, json({ imageLayoutVersion: '1.0.0' }));
  archive.entry({ name: 'index.json', mtime }, index);
  for (const blob of [layer, config, manifest]) {
    archive.entry({ name: `blobs/sha256/${digestOf(blob).slice('sha256:'.length)}`, mtime }, blob);
  }
  archive.finalize();
  const unfinished = `${target}.${process.pid}.tmp`;
  await pipeline(archive, createWriteStream(unfinished));
  renameSync(unfinished, target);
}

const mtime = new Date(0);

async function bytesOf(fill: (tar: Pack) => void): Promise<Buffer> {
  const tar = pack();
  fill(tar);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digestOf(blob: Buffer): string {
  return `sha256:${createHash('sha256').update(blob).digest('hex')}`;
}

function descriptor(mediaType: string, blob: Buffer): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: digestOf(blob), size: blob.length };
}
