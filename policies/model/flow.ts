import type { Commodity } from './commodity';
import {
  sumOf,
  times,
  valueOf,
  type Expression,
  type Model,
  type Values,
  type Variable,
} from './linearModel';
import { at } from './matrix';

/** One pair of a commodity (by position) and a destination that it may go to. */
export interface Arc {
  readonly commodity: number;
  readonly destination: number;
  readonly variable: Variable;
}

/** The variables x_cj >= 0: what of commodity c is served at destination j. */
export class Flow {
  readonly arcs: readonly Arc[];
  private readonly byCommodity: readonly (readonly Variable[])[];
  private readonly byDestination: readonly (readonly Variable[])[];

  constructor(
    model: Model,
    readonly commodities: readonly Commodity[],
    destinationCount: number,
  ) {
    const byDestination = Array.from({ length: destinationCount }, (): Variable[] => []);
    const arcs: Arc[] = [];
    this.byCommodity = commodities.map(({ destinations }, commodity) =>
      destinations.map((destination) => {
        const variable = model.continuous();
        arcs.push({ commodity, destination, variable });
        at(byDestination, destination).push(variable);
        return variable;
      }),
    );
    this.arcs = arcs;
    this.byDestination = byDestination;
  }

  /** sum_j x_cj */
  from(commodity: number): Expression {
    return sumOf(at(this.byCommodity, commodity));
  }

  /** sum_c x_cj */
  into(destination: number): Expression {
    return sumOf(at(this.byDestination, destination));
  }

  /** sum_c a_c x_cj */
  weightedInto(destination: number, coefficientOf: (commodity: Commodity) => number): Expression {
    return this.arcs.flatMap((arc) =>
      arc.destination === destination
        ? [times(coefficientOf(at(this.commodities, arc.commodity)), arc.variable)]
        : [],
    );
  }

  /** sum_cj a_cj x_cj */
  weighted(coefficientOf: (commodity: Commodity, destination: number) => number): Expression {
    return this.arcs.map(({ commodity, destination, variable }) =>
      times(coefficientOf(at(this.commodities, commodity), destination), variable),
    );
  }

  /** Every commodity is served: sum_j x_cj = r_c. */
  serveAll(model: Model): void {
    for (const [commodity, { requestsPerSecond }] of this.commodities.entries()) {
      model.equal(this.from(commodity), requestsPerSecond);
    }
  }

  /** What every destination gets. */
  loads(values: Values): number[] {
    const loads = this.byDestination.map(() => 0);
    for (const { destination, variable } of this.arcs) {
      loads[destination] = at(loads, destination) + valueOf(values, variable);
    }
    return loads;
  }

  /** [commodity][destination] */
  byCommodityAndDestination(values: Values): number[][] {
    const requests = this.commodities.map(() => this.byDestination.map(() => 0));
    for (const { commodity, destination, variable } of this.arcs) {
      at(requests, commodity)[destination] = valueOf(values, variable);
    }
    return requests;
  }

  /** The flow as it is, [origin][destination], where every commodity has one origin. */
  byOriginAndDestination(values: Values): number[][] {
    const requests = this.byDestination.map(() => this.byDestination.map(() => 0));
    for (const [commodity, row] of this.byCommodityAndDestination(values).entries()) {
      requests[at(at(this.commodities, commodity).origins, 0)] = row;
    }
    return requests;
  }

  isWhole(values: Values): boolean {
    return this.arcs.every(({ variable }) => {
      const value = valueOf(values, variable);
      return Math.abs(value - Math.round(value)) < 1e-6;
    });
  }

  /** The flow in whole requests/s, [origin][destination], where every commodity has one origin. */
  requests(values: Values): number[][] {
    // Not -0, which a solver may give and which is not equal to 0 in a deep comparison.
    return this.byOriginAndDestination(values).map((row) => row.map((count) => Math.round(count) + 0));
  }
}
