import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { sum } from '../policies/model/matrix';
import type { PlacementProblem } from '../policies/problem';

/** PuLP's wheel carries CBC; HiGHS is a package of its own. */
const pulpVersion = '3.3.2';
const highspyVersion = '1.12.0';

const resultSchema = z.strictObject({
  objective: z.number().nullable(),
  status: z.string(),
  /** Proven optimal or infeasible; false when the time ran out. */
  proven: z.boolean(),
  seconds: z.number(),
});
export type PulpResult = z.infer<typeof resultSchema>;

export interface PulpOptions {
  readonly policy: 'carbon' | 'latency';
  readonly alpha: number;
  /** Scale the objective so that CBC also looks for small improvements: to compare objectives, not speed. */
  readonly scaled: boolean;
  readonly secondsLimit?: number;
  /** CBC when absent. */
  readonly solver?: 'HiGHS';
}

/** Solves problems one after the other in PuLP; `seconds` includes building the model. */
export async function solveWithPulp(
  problems: readonly PlacementProblem[],
  { policy, alpha, ...options }: PulpOptions,
): Promise<PulpResult[]> {
  if (problems.length === 0) return [];
  const instances = problems.map((problem) => ({
    policy,
    alpha,
    requestsPerSecond: problem.requestsPerSecond,
    carbonGramsPerKwh: problem.carbonGramsPerKwh,
    latencyMs: problem.latencyMs,
    maxLatencyMs: Number.isFinite(problem.maxLatencyMs) ? problem.maxLatencyMs : null,
    requestsPerServer: problem.capacity[0]?.requestsPerServer,
    maxServersPerRegion: problem.capacity[0]?.maxServers,
  }));
  const script = path.resolve(__dirname, '..', '..', 'bench', 'pulp_model.py');
  const { stdout } = await execa(await pythonWithPulp(), [script, JSON.stringify(options)], {
    input: JSON.stringify(instances),
    stderr: 'inherit',
  });
  return stdout.split('\n').map((line) => resultSchema.parse(JSON.parse(line)));
}

export function millisecondsPerInterval(results: readonly PulpResult[]): number {
  return (1000 * sum(results.map(({ seconds }) => seconds))) / results.length;
}

/** A virtual environment with PuLP, made once in the cache folder. */
async function pythonWithPulp(): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
  const folder = path.join(cache, 'casper', `pulp-${pulpVersion}-highspy-${highspyVersion}`);
  const python = path.join(folder, 'bin', 'python');
  if (existsSync(path.join(folder, 'ready'))) return python;
  mkdirSync(path.dirname(folder), { recursive: true });
  await execa('python3', ['-m', 'venv', '--clear', folder]);
  await execa(
    python,
    ['-m', 'pip', 'install', '--quiet', `pulp==${pulpVersion}`, `highspy==${highspyVersion}`],
    { stderr: 'inherit' },
  );
  mkdirSync(path.join(folder, 'ready'));
  return python;
}
