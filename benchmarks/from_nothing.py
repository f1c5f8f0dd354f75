"""``sealane up`` of both examples from nothing until a probe says ``encrypted``, by phase; and ``down``."""

import json

import common

TARGETS_S = {"until encrypted": 6.0}
EXAMPLES = ("hangzhou", "hangzhou-gateway")


def one_run(folder: str, patience_s: float) -> dict[str, object]:
    with common.example(folder) as plan:
        state = common.quiet(patience_s)
        up_s, phases = common.up_by_phase(plan)
        probe_s, done = common.sealane("probe", str(plan), "ecs1", "client", "--count", "1", "--json")
        verdict = json.loads(done.stdout)["verdict"]
        down_s, _ = common.sealane("down", str(plan))
    if verdict != "encrypted":
        raise SystemExit(f"{folder}: the probe says {verdict}")
    phases["probe"] = probe_s
    return {**state, "phases": {**phases, "until encrypted": up_s + probe_s, "down": down_s}}


def main() -> None:
    options = common.arguments(__doc__, runs=5)
    rows, data = [], {}
    for folder in EXAMPLES:
        runs = data[folder] = [one_run(folder, options.patience) for _ in range(options.runs)]
        for phase in runs[0]["phases"]:
            times = [run["phases"][phase] for run in runs]
            load = max(run["load"] for run in runs)
            rows.append([folder, phase, common.spread(times), TARGETS_S.get(phase, ""), load])
    common.report("from_nothing", ["example", "phase", "median s (range)", "target", "load"], rows, {"runs": data})


if __name__ == "__main__":
    main()
