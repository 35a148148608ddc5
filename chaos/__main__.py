"""`python -m chaos NAME [options]`: a fault played on a stage of its own (database, Redis, provider, all on loopback).

The stage is set and Django is made its before the scenario is imported; everything is gone afterwards. Scenarios that
bring their own world run by themselves: `python -m chaos.NAME`.
"""

import importlib
import sys
from typing import Final

from .stage import stage

STAGED: Final = ("bad_provider", "kill_fan_out", "kill_payments", "redis_gone", "taken_down_in_turn")


def main() -> int:
    """Run `chaos.NAME.main(stage)`; its exit code, 1 when something did not hold."""
    if len(sys.argv) < 2 or sys.argv[1] not in STAGED:
        raise SystemExit(f"usage: python -m chaos NAME, one of: {', '.join(STAGED)}")
    name = sys.argv.pop(1)
    if {"-h", "--help"} & set(sys.argv):
        print("the scenario's own options are in its first lines: chaos/" + name + ".py")
        return 0
    with stage() as found:
        code: int = importlib.import_module(f"chaos.{name}").main(found)
    return code


if __name__ == "__main__":
    sys.exit(main())
