"""The coach's rules on programs: python -m tests.coach [NAME ...] [--table | --ablate] [--readme]

NAME ...     only programs with one of these in their path; what it says of those that are not as expected is shown
--table      only tables of recall, precision, lines and fixes, also on programs of authors who had not seen the coach;
             exit status 1 where one is below its floor
--ablate     what each rule adds, and what it costs
--readme     put the tables into README.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.coach import ablation
from tests.coach.judge import UNSEEN, Verdict, judge, programs
from tests.coach.scores import OTHERS, below, summary, table, write_readme

__all__ = ["main", "table"]

OWN, THEIRS = "our own", "by authors who had not seen the coach"


def judged(paths: Sequence[Path]) -> list[Verdict]:
    """The verdicts on some programs, in their order; on each core one runs at a time."""
    with ProcessPoolExecutor() as pool:
        return list(pool.map(judge, paths, chunksize=8))


def main(words: list[str]) -> int:
    """Judge and print. -> 0; 1 if --table finds something below its floor."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.coach", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*")
    for option in ("table", "ablate", "readme"):
        parser.add_argument(f"--{option}", action="store_true")
    asked = parser.parse_args(words)
    chosen = [path for path in programs() if not asked.names or any(word in str(path) for word in asked.names)]
    verdicts = judged(chosen)
    for verdict in verdicts:
        if not verdict.good and not asked.table:
            print(f"--- {verdict.name}: expected {verdict.expected}, false {verdict.false}\n{verdict.report}")
    print(ablation.table(chosen, verdicts) if asked.ablate else table(verdicts))
    low = below(verdicts) if asked.table else []
    if asked.readme or (asked.table and not asked.names):
        others = judged(programs(UNSEEN))
        groups = {OWN: verdicts, THEIRS: others}
        print(f"\n{summary(groups)}")
        low += [f"{THEIRS}: {line}" for line in below(others, OTHERS)] if asked.table else []
        if asked.readme:
            write_readme(verdicts, groups)
    for line in low:
        print(f"tests.coach: {line}", file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
