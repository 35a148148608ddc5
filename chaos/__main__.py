"""`python -m chaos` lists the faults; `python -m chaos NAME [options]` plays one and exits with 1 on a broken promise.

Most are played on a stage of their own (database, Redis, provider, all on loopback): it is set and Django is made its
before the scenario is imported, and everything is gone afterwards. Others bring their own world. CHAOS_SEED repeats the
moments that a run drew; the seed is printed first.
"""

import ast
import importlib
import os
import random
import runpy
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from bench import served

from .stage import stage

STAGED: Final = {
    "bad_network", "bad_provider", "beats", "kill_fan_out", "kill_payments", "notifications_queued", "poison",
    "postgres_restarted", "redis_gone", "soak", "taken_down_in_turn",
}  # fmt: skip
OWN_POSTGRES: Final = {"postgres_restarted"}
ON_A_DATABASE: Final = {"outbox_kill"}
ALONE: Final = {"kill_embedded", "kill_ledger"}
NAMES: Final = sorted(STAGED | ON_A_DATABASE | ALONE)


def main() -> int:
    """Run `chaos.NAME`; its exit code, 1 when something did not hold."""
    if len(sys.argv) < 2:
        print("\n".join(f"  {name:<20} {first_line(name)}" for name in NAMES))
        return 0
    name = sys.argv.pop(1)
    if name not in NAMES:
        raise SystemExit(f"usage: python -m chaos NAME, one of: {', '.join(NAMES)}")
    if {"-h", "--help"} & set(sys.argv):
        print(ast.get_docstring(source(name)))
        return 0
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))
    print(f"CHAOS_SEED={seed}; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    random.seed(seed)
    return play_staged(name) if name in STAGED else play_alone(name)


def play_staged(name: str) -> int:
    """Call its `main(stage)`."""
    with stage(own_postgres=name in OWN_POSTGRES) as found:
        code: int = importlib.import_module(f"chaos.{name}").main(found)
    return code


def play_alone(name: str) -> int:
    """As `python -m chaos.NAME` would, on an empty database where it needs one."""
    with served.database() if name in ON_A_DATABASE else nullcontext():
        try:
            runpy.run_module(f"chaos.{name}", run_name="__main__")
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return 0


def source(name: str) -> ast.Module:
    """The scenario, not imported: most cannot be before there is a stage."""
    return ast.parse((Path(__file__).parent / f"{name}.py").read_text())


def first_line(name: str) -> str:
    """What it does, for the list."""
    return (ast.get_docstring(source(name)) or "").partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
