"""`python -m bench NAME [options]`: a measurement on a throwaway PostgreSQL database.

The database is made, migrated and made Django's before the measurement is imported, and dropped afterwards, unless
`BENCH_KEEP` names one to keep for the next time.
"""

import importlib
import signal
import sys
from pathlib import Path

from . import served


def main() -> None:
    """Run `bench.NAME.main()`."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        raise SystemExit(f"usage: python -m bench NAME, one of: {', '.join(names)}")
    name = sys.argv.pop(1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends, the database goes
    with served.database():
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
