"""`make mutants`: how many small mistakes in the ledger, the claim and prices the tests notice.

    make mutants [ARGS="--target pricing --sample 200 --seed 7"]

Each mutant runs in a fork of one process, on its own copy of a SQLite database, against the tests that reach its line,
until one fails. What survives is printed, and everything is in var/mutants/<target>.json. `--survivors` tries those of
the last run again. Exit code 1 when a target has fewer killed than `--at-least` percent.
"""

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence

from .session import KILLED, NO_TESTS, SURVIVED, TIMEOUT, UNVIABLE, Job, MutantSession, Verdict, run_session
from .targets import ROOT, TARGETS, Target

FOLDER = ROOT / "var" / "mutants"
# A folder of its own: tests may be run by hand meanwhile.
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "marketplace.settings.test",
    "VAR_DIR": str(FOLDER / "work"),
    "DATABASE_URL": f"sqlite:///{FOLDER / 'work' / 'db.sqlite3'}",
    "REDIS_URL": "",
    "DOCUMENTS_URL": "",
}


class Run:
    """What is tried, and what came of it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.verdicts: dict[str, list[Verdict]] = {name: [] for name in options.target}
        self.there: dict[str, int] = {}

    def choose(self, jobs: list[Job]) -> list[Job]:
        """The sample, or all."""
        name = jobs[0].target.name
        self.there[name] = len(jobs)
        options = self.options
        if options.only:
            jobs = [job for job in jobs if options.only in job.name]
        if options.survivors:
            kept = json.loads((FOLDER / f"{name}.json").read_text())
            wanted = {each["mutant"] for each in kept if each["status"] in {SURVIVED, NO_TESTS}}
            jobs = [job for job in jobs if job.name in wanted]
        elif options.sample and options.sample < len(jobs):
            numbers = random.Random(options.seed).sample(range(len(jobs)), options.sample)
            jobs = [jobs[number] for number in sorted(numbers)]
        print(f"mutants: {name}: {len(jobs)} of {self.there[name]}", flush=True)
        return jobs

    def tell(self, verdict: Verdict) -> None:
        """Survivors are told at once."""
        verdicts = self.verdicts[verdict.job.target.name]
        verdicts.append(verdict)
        if len(verdicts) % 25 == 0:
            print(f"mutants: {verdict.job.target.name}: {len(verdicts)}", flush=True)
            self.write(verdict.job.target)
        if verdict.status != KILLED:
            print(f"{verdict.status:>9} {verdict.job.name[:200]}", flush=True)

    def write(self, target: Target) -> None:
        """Everything about a target, for the next `--survivors` and for whoever wants to look."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        rows = [
            {
                "mutant": each.job.name,
                "in": each.job.scope,
                "status": each.status,
                "by": each.by,
                "tests": len(each.job.tests),
                "seconds": round(each.seconds, 2),
            }
            for each in self.verdicts[target.name]
        ]
        name = f"{target.name}-again.json" if self.options.survivors else f"{target.name}.json"
        (FOLDER / name).write_text(json.dumps(rows, indent=1, ensure_ascii=False))

    def summary(self) -> bool:
        """The table; whether every target is good enough."""
        is_good = True
        print("target    there  tried killed timeout survived no tests      %")
        for name, verdicts in self.verdicts.items():
            count = Counter(each.status for each in verdicts)
            tried = len(verdicts) - count[UNVIABLE]
            share = 100 * (count[KILLED] + count[TIMEOUT]) / tried if tried else 100.0
            is_good = is_good and share >= self.options.at_least
            print(
                f"{name:<8} {self.there.get(name, 0):>6} {tried:>6} {count[KILLED]:>6} {count[TIMEOUT]:>7} "
                f"{count[SURVIVED]:>8} {count[NO_TESTS]:>8} {share:>6.1f}"
            )
        return is_good


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", action="append", choices=[*TARGETS], help="may be given more than once")
    parser.add_argument("--sample", type=int, default=0, help="so many of each target, drawn with the seed")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--tests", type=int, default=0, help="so many tests for a line at most, the quickest; 0: all")
    parser.add_argument("--only", default="", help="only mutants with this text in their line of the report")
    parser.add_argument("--survivors", action="store_true", help="only those that survived the last run")
    parser.add_argument("--keep-database", action="store_true", help="and take the last run's, if it kept one")
    parser.add_argument("--at-least", type=float, default=85.0)
    options = parser.parse_args(arguments)
    options.target = list(dict.fromkeys(options.target or TARGETS))
    os.environ.update(SETTINGS)
    (FOLDER / "work").mkdir(parents=True, exist_ok=True)
    print(f"mutants: seed {options.seed}", flush=True)
    started = time.monotonic()
    run = Run(options)
    targets = [TARGETS[name] for name in options.target]
    cache = FOLDER / f"reach-{'-'.join(options.target)}.json"
    session = MutantSession(targets, run.choose, run.tell, options.workers, cache, options.tests)
    tests = list(dict.fromkeys(path for target in targets for path in target.tests))
    code = run_session(session, tests, keep_database=options.keep_database)
    for target in targets:
        run.write(target)
    is_good = run.summary()
    print(f"mutants: seed {options.seed}, {time.monotonic() - started:.0f} s")
    return code or (0 if is_good else 1)


if __name__ == "__main__":
    sys.exit(main())
