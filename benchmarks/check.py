"""Time of ``sealane check`` and ``sealane --help`` as whole processes, with bytecode present."""

import common

TARGET_S = 0.3
COMMANDS = {
    "check examples/hangzhou": ("check", "examples/hangzhou/plan.yaml"),
    "check examples/hangzhou-gateway": ("check", "examples/hangzhou-gateway/plan.yaml"),
    "--help": ("--help",),
    "check --help": ("check", "--help"),
}


def main() -> None:
    options = common.arguments(__doc__, runs=15)
    rows, data = [], {}
    for name, words in COMMANDS.items():
        common.sealane(*words)  # writes the bytecode
        state = common.quiet(options.patience)
        times = [common.sealane(*words)[0] for _ in range(options.runs)]
        rows.append([name, common.spread(times, 3), TARGET_S, state["load"]])
        data[name] = {"seconds": times, "median_s": common.median(times), **state}
    common.report("check", ["command", "median s (range)", "target", "load"], rows, {"runs": data})


if __name__ == "__main__":
    main()
