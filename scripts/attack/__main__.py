"""`python -m scripts.attack`: every route, as everybody, by hostile requests; 1 when one gets through.

    python -m scripts.attack [--seed N] [--routes PATTERN] [--at-most N] [--url URL [--token NAME=TOKEN]]

Without `--url` it runs in this process on a SQLite database that is thrown away, and looks at the rows too: a refused
request has changed nothing, an accepted one nothing of another's. A finding comes with a line of `curl`; the same seed
and `--routes` repeat it.
"""

import argparse
import importlib
import os
import random
import sys
import tempfile

import django


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--routes", default="", metavar="PATTERN", help="a regular expression: 'POST api/v1/cart'")
    parser.add_argument("--at-most", type=int, default=12, help="so many hostile requests an operation; 0: all")
    parser.add_argument("--only", choices=["api", "pages"], help="one half only")
    parser.add_argument("--url", help="a running server, http://host:port")
    parser.add_argument("--token", action="append", default=[], metavar="NAME=TOKEN", help="for --url: owner=…")
    options = parser.parse_args()
    print(f"attack: seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="marketplace.settings.test",
            VAR_DIR=folder,
            DATABASE_URL=f"sqlite:///{folder}/db.sqlite3",
            REDIS_URL="",
            DOCUMENTS_URL="",
            CELERY_BROKER_URL="memory://localhost/",
        )
        django.setup()
        given = {"seed": options.seed, "pattern": options.routes, "at_most": options.at_most}
        if options.url:
            tokens = dict(each.split("=", 1) for each in options.token)
            there = importlib.import_module("scripts.attack.wire")
            return int(there.attack_there(options.url.rstrip("/"), tokens=tokens, **given))
        return int(importlib.import_module("scripts.attack.whole").attack_here(only=options.only, **given))


if __name__ == "__main__":
    sys.exit(main())
