"""`python -m bench.rival_shop COUNT ROUNDS` seeds and prints tokens and promotions; `--holds`, what became of them.

A process of its own, because a process has one Django.
"""

import importlib
import json
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.rival_shop.settings"
django.setup()
rows = importlib.import_module("bench.rival_shop.seed")
print(json.dumps(rows.holds() if sys.argv[1] == "--holds" else rows.seed(int(sys.argv[1]), int(sys.argv[2]))))
