"""``python tests/mutation [WORD...]`` prints what killed each mutant whose name holds one of the words, or all."""

import sys

from mutant import Check, workshop
from mutants import MUTANTS


def main(words: list[str]) -> int:
    """Print a table; 1 when a mutant survives, or nothing can be said."""
    wanted = [one for one in MUTANTS if not words or any(word in one.name for word in words)]
    bad = [f"{one.name}: {reason}" for one in wanted if (reason := one.rotten())]
    if bad:
        print("\n".join(bad))
        return 1
    with workshop() as folder:
        check = Check(folder, wanted)
        survived = 0
        for one in wanted:
            verdict = check.verdicts[one.name].result()
            survived += not verdict.killed_by
            what = f"killed in {verdict.seconds:4.1f} s by {verdict.killed_by}" if verdict.killed_by else "SURVIVED"
            print(f"{one.name:62} {what} {verdict.trouble}", flush=True)
        sound = check.sound.result()
        print(f"{len(wanted) - survived} killed, {survived} survived; without a mutant: "
              f"{sound.killed_by or sound.trouble or 'all pass'}")
        check.close()
    return int(bool(survived or sound.killed_by or sound.trouble))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
