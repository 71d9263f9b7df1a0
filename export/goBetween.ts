import type { StackConfig } from '../stack/stackConfig';
import { ExportError, rowsOf, type Exported } from './exported';

/**
 * Lines of an exec discovery of GoBetween, the reference's first balancer, for the balancer of one origin; weights are
 * exact. Pure.
 * @throws ExportError where there is no such origin, or a destination has no address
 */
export function discoveryLines(config: StackConfig, origin: string): Exported {
  const [, row] = rowsOf(config).find(([name]) => name === origin) ?? [];
  if (!row) {
    throw new ExportError(
      `casper:plan.weights has no row of ${origin}; it has: ${Object.keys(config.plan.weights).join(', ')}`,
    );
  }
  const lines = Object.entries(row).map(([destination, weight]) => {
    const at = config.regions.find(({ name }) => name === destination)?.loadBalancer;
    if (!at) {
      throw new ExportError(
        `casper:regions.${destination} has no loadBalancer, and a backend needs its address; give it one`,
      );
    }
    return `${at.address}:${at.port} weight=${weight}\n`;
  });
  return { documents: lines.join(''), notes: [] };
}
