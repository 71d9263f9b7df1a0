import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';

const project = path.join(__dirname, '..');
const manifestSchema = z.object({
  bin: z.object({ casper: z.string() }),
  dependencies: z.record(z.string(), z.string()),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

/**
 * What `npm pack` gives, in a folder with the example program and nothing else of the project. The registry is not
 * asked: what the package depends on is linked from the project's node_modules.
 */
export class PackedPackage {
  private constructor(
    /** Of the example program. */
    readonly folder: string,
    /** Of the package in it. */
    readonly packed: string,
  ) {}

  static async create(): Promise<PackedPackage> {
    const folder = mkdtempSync(path.join(tmpdir(), 'casper-package-'));
    const modules = path.join(folder, 'node_modules');
    const packed = path.join(modules, 'casper');
    mkdirSync(packed, { recursive: true });
    const { stdout } = await execa('npm', ['pack', '--silent', '--pack-destination', folder], {
      cwd: project,
    });
    await execa('tar', ['-xzf', path.join(folder, stdout.trim()), '-C', packed, '--strip-components=1']);
    const text = readFileSync(path.join(packed, 'package.json'), 'utf8');
    const { bin, dependencies, optionalDependencies } = manifestSchema.parse(JSON.parse(text));
    const tools = ['@types/node', 'typescript'];
    for (const name of [...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...tools]) {
      const link = path.join(modules, name);
      mkdirSync(path.dirname(link), { recursive: true });
      symlinkSync(path.join(project, 'node_modules', name), link);
    }
    mkdirSync(path.join(modules, '.bin'));
    symlinkSync(path.join('..', 'casper', bin.casper), path.join(modules, '.bin', 'casper'));
    cpSync(path.join(project, 'examples', 'two-regions'), folder, { recursive: true });
    return new PackedPackage(folder, packed);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
