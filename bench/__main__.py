"""`python -m bench NAME [options]`: a measurement, usually on a throwaway PostgreSQL database.

The database is made, migrated and made Django's before the measurement is imported, and dropped afterwards, unless
`BENCH_KEEP` names one to keep for the next time.
"""

import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import django

from . import served

WITHOUT_DATABASE = {"extraction"}


@contextlib.contextmanager
def settings_only() -> Iterator[None]:
    """Django for what asks no database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")
    django.setup()
    yield


def main() -> None:
    """Run `bench.NAME.main()`."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        raise SystemExit(f"usage: python -m bench NAME, one of: {', '.join(names)}")
    name = sys.argv.pop(1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends, the database goes
    with settings_only() if name in WITHOUT_DATABASE else served.database():
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
