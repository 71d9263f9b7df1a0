/** A variable of a model: its position in every array by variable. */
export interface Variable {
  readonly index: number;
}

export interface Term {
  readonly variable: Variable;
  readonly coefficient: number;
}

/** A sum of coefficients times variables; no variable occurs twice. */
export type Expression = readonly Term[];

/** lower <= expression <= upper; an infinite side does not bind. */
export interface Row {
  readonly expression: Expression;
  readonly lower: number;
  readonly upper: number;
}

/** What a solver found, by variable. */
export type Values = readonly number[];

export function times(coefficient: number, variable: Variable): Term {
  return { variable, coefficient };
}

export function sumOf(variables: readonly Variable[]): Expression {
  return variables.map((variable) => times(1, variable));
}

export function valueOf(values: Values, { index }: Variable): number {
  return values[index] ?? NaN;
}

/**
 * A linear model that is minimised, some of its variables whole numbers. Solvers are given variables and rows in the
 * order in which they were added: the order is part of how ties are broken.
 */
export class Model {
  private constructor(
    /** By variable, as are the next three: what one unit of it adds to the objective. */
    readonly costs: number[],
    readonly lower: number[],
    readonly upper: number[],
    readonly isWhole: boolean[],
    readonly rows: Row[],
    private contradiction: boolean,
  ) {}

  static empty(): Model {
    return new Model([], [], [], [], [], false);
  }

  /** Whether a row without variables cannot hold; solvers refuse such rows, so they are not among `rows`. */
  get isContradiction(): boolean {
    return this.contradiction;
  }

  continuous(lower = 0, upper = Infinity): Variable {
    return this.add(lower, upper, false);
  }

  whole(lower: number, upper: number): Variable {
    return this.add(lower, upper, true);
  }

  /** Adds an expression to the objective. */
  minimise(expression: Expression): void {
    for (const { variable, coefficient } of expression) {
      this.costs[variable.index] = (this.costs[variable.index] ?? 0) + coefficient;
    }
  }

  atMost(expression: Expression, upper: number): void {
    this.between(-Infinity, expression, upper);
  }

  atLeast(expression: Expression, lower: number): void {
    this.between(lower, expression, Infinity);
  }

  equal(expression: Expression, value: number): void {
    this.between(value, expression, value);
  }

  between(lower: number, expression: Expression, upper: number): void {
    if (expression.length > 0) this.rows.push({ expression, lower, upper });
    else if (lower > 0 || upper < 0) this.contradiction = true;
  }

  /** Sets new bounds of a variable. */
  restrict({ index }: Variable, lower: number, upper: number): void {
    this.lower[index] = lower;
    this.upper[index] = upper;
  }

  fix(variables: readonly Variable[], values: readonly number[]): void {
    for (const [position, variable] of variables.entries()) {
      const value = values[position] ?? NaN;
      this.restrict(variable, value, value);
    }
  }

  /** A model of its own with the same variables and rows; `costs` in place of the objective where they are given. */
  copy(costs: readonly number[] = this.costs): Model {
    return new Model(
      [...costs],
      [...this.lower],
      [...this.upper],
      this.isWhole,
      [...this.rows],
      this.contradiction,
    );
  }

  private add(lower: number, upper: number, isWhole: boolean): Variable {
    const index = this.costs.length;
    this.costs.push(0);
    this.lower.push(lower);
    this.upper.push(upper);
    this.isWhole.push(isWhole);
    return { index };
  }
}
