"""The reference's placement models in PuLP, written from docs/architecture.md; CBC solves them, or HiGHS.

Reads instances as a JSON array on standard input, writes one JSON object an instance on standard output:
{"objective": number or null, "seconds": model building and solving, "status": PuLP's}.
"""

import json
import os
import sys
import time

import pulp


def solver_of(name, seconds_limit):
    if name == "HiGHS":
        return pulp.HiGHS(msg=False, timeLimit=seconds_limit, gapRel=0, gapAbs=0, threads=1)
    return pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds_limit)


def solve(instance, scaled, solver):
    requests = instance["requestsPerSecond"]
    carbon = instance["carbonGramsPerKwh"]
    latency = instance["latencyMs"]
    bound = instance["maxLatencyMs"]  # null for none
    per_server = instance["requestsPerServer"]
    max_servers = instance["maxServersPerRegion"]
    alpha = instance["alpha"]
    regions = range(len(carbon))
    total = sum(requests)

    model = pulp.LpProblem("placement", pulp.LpMinimize)
    x = {
        (i, j): pulp.LpVariable(f"x_{i}_{j}", lowBound=0, cat=pulp.LpInteger)
        for i in regions
        for j in regions
    }
    s = [pulp.LpVariable(f"s_{j}", lowBound=0, upBound=max_servers, cat=pulp.LpInteger) for j in regions]
    model += pulp.lpSum(s) <= max_servers * len(carbon)
    for j in regions:
        model += pulp.lpSum(x[i, j] for i in regions) - per_server * s[j] <= 0
    for i in regions:
        model += pulp.lpSum(x[i, j] for j in regions) == requests[i]
    if instance["policy"] == "carbon":
        if bound is not None:
            for i in regions:
                for j in regions:
                    model += x[i, j] * (latency[i][j] - bound) <= 0
        main = pulp.lpSum(x[i, j] * carbon[j] for i in regions for j in regions)
        most = max(carbon) * total
    else:
        main = pulp.lpSum(x[i, j] * latency[i][j] for i in regions for j in regions)
        most = sum(requests[i] * max(latency[i]) for i in regions)
    objective = alpha / most * main + (1 - alpha) / (max_servers * len(carbon)) * pulp.lpSum(s)
    # CBC ignores improvements under 1e-5: objectives that are compared have to be larger than that.
    scale = total if scaled else 1
    model.setObjective(scale * objective)
    model.solve(solver)
    value = pulp.value(model.objective) if model.sol_status == 1 else None
    return {
        "objective": None if value is None else value / scale,
        "status": pulp.LpStatus[model.status],
        "proven": model.sol_status in (1, -1),
    }


def main():
    options = json.loads(sys.argv[1])
    # HiGHS prints messages that no option turns off: standard output goes to standard error meanwhile.
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for instance in json.load(sys.stdin):
        start = time.perf_counter()
        solver = solver_of(options.get("solver"), options.get("secondsLimit"))
        result = solve(instance, options["scaled"], solver)
        result["seconds"] = time.perf_counter() - start
        print(json.dumps(result), file=results, flush=True)


main()
