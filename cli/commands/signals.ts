import path from 'node:path';
import { Command } from 'commander';
import { askAccess } from '../../signals/askAccess';
import { SignalsConfigError } from '../../signals/fault';
import { puesOf } from '../../signals/regionPue';
import { readSignals, type RegionSignal } from '../../signals/readSignals';
import { realSurroundings } from '../../signals/surroundings';
import { readStackSettings } from '../../stack/stackFile';
import { cacheDirectory } from '../../start/cacheDirectory';
import { withStackOptions, type StackFlags } from '../options';
import { stackFileOf } from '../project';
import { renderSignals } from '../render/signals';

export const signalsCommand = withStackOptions(
  new Command('signals').description(
    "Read the carbon intensity of the stack's regions now, from the sources of casper:signals, and say where each value comes from. Exit code 1 when a region has none.",
  ),
)
  .option('--json', 'print one JSON object')
  .action(async ({ json, ...flags }: StackFlags & { json?: true }) => {
    const file = stackFileOf(flags);
    const { regions, signals } = readStackSettings(file);
    if (!signals) {
      throw new SignalsConfigError(
        `${file} has no casper:signals; add it with at least one source: docs/signals.md lists them`,
      );
    }
    const surroundings = realSurroundings(path.join(cacheDirectory, 'signals'));
    const read = await readSignals(regions, signals, surroundings);
    const pues = puesOf(regions);
    const ofRegion = ({ region }: RegionSignal): object => {
      const pue = pues.byRegion.get(region);
      return pue === undefined ? {} : { pue };
    };
    console.log(
      json
        ? JSON.stringify({ regions: read.map((signal) => ({ ...signal, ...ofRegion(signal) })) })
        : renderSignals(read, pues),
    );
    for (const note of await askAccess(regions, signals, surroundings)) console.error(`note: ${note}`);
    if (read.some(({ signal }) => 'missing' in signal)) process.exitCode = 1;
  });
