import type { StackConfig } from '../stack/stackConfig';
import { ExportError, roundingOf, rowsOf, type Exported } from './exported';
import { weightsUpTo } from './wholeShares';

/** Largest weight of a record, by the API of Route 53 (ResourceRecordSet, Weight). */
const largestWeight = 255;
const timeToLiveSeconds = 60;
/** Most records of a change batch: it takes 1,000, and counts those of an UPSERT twice (ChangeResourceRecordSets). */
const mostRecords = 500;

/**
 * Change batches for Route 53, mostly one: for every origin a name of its own, with a weighted record for each
 * destination, by the address of its Service. Clients keep an answer for a minute, so shares hold over many clients and
 * not over requests. Pure.
 * @param domain what an origin's name stands before, as in us-east-1.DOMAIN
 * @throws ExportError where a destination has no address
 */
export function changeBatch(config: StackConfig, domain: string): Exported {
  const { plan } = config;
  const reached = config.regions.flatMap(({ name, loadBalancer }) =>
    loadBalancer ? [{ name, ...loadBalancer }] : [],
  );
  const rows = rowsOf(config).map(([origin, row]) => ({ origin, ...weightsUpTo(row, largestWeight) }));
  const without = rows
    .flatMap(({ parts }) => Object.keys(parts))
    .find((destination) => !reached.some(({ name }) => name === destination));
  if (without !== undefined) {
    throw new ExportError(
      `casper:regions.${without} has no loadBalancer, and a DNS record needs its address; give it one`,
    );
  }
  // A record that had weight in the plan before goes on getting requests until it has none.
  const changesOf = ({ origin, parts }: (typeof rows)[number]): object[] =>
    reached.map(({ name, address }) => ({
      Action: 'UPSERT',
      ResourceRecordSet: {
        Name: `${origin}.${domain}`,
        Type: 'A',
        SetIdentifier: name,
        Weight: parts[name] ?? 0,
        TTL: timeToLiveSeconds,
        ResourceRecords: [{ Value: address }],
      },
    }));
  // An origin's records change together: a batch is one transaction.
  const originsAtOnce = Math.max(1, Math.floor(mostRecords / Math.max(1, reached.length)));
  const batches = Array.from({ length: Math.ceil(rows.length / originsAtOnce) }, (_, index) => ({
    Comment: `casper, ${plan.policy}, ${plan.interval}`,
    Changes: rows.slice(index * originsAtOnce, (index + 1) * originsAtOnce).flatMap(changesOf),
  }));
  return {
    documents: batches,
    notes: [
      ...rows.flatMap(({ origin, worstPercent }) => roundingOf(origin, worstPercent)),
      ...(new Set(reached.map(({ port }) => port)).size > 1
        ? ['the regions are at different ports, which an address record does not say']
        : []),
      ...(batches.length > 1
        ? [
            `${batches.length} change batches, as Route 53 takes ${mostRecords} records in each: apply one after the other`,
          ]
        : []),
    ],
  };
}
