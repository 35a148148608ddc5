"""Search over 100,000 products with a misspelt word: the whole request, and the correction alone.

    python -m bench search_typo [--products 100000] [--requests 1000]

Each search has one slip of the hand (two letters swapped, one left out, doubled or mistaken) in a word of the
catalogue. The baseline of the same minute is the same searches spelt rightly. No pgbench.
"""

import argparse
import json
import os
import random
import string
import time

from django.conf import settings

from stores.catalog import searching

from .catalogue import SEED, fill, milliseconds
from .wsgi_calls import Caller

PATH = "/api/v1/market/products/"


def main() -> None:
    """Seed, ask, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=1_000)
    options = parser.parse_args()
    said = fill(options.products)
    settings.PRODUCT_LIST_CACHE_SECONDS = 0
    caller, dice = Caller(), random.Random(SEED)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    long = [word for word in (*said.kinds, *said.materials, *said.models) if len(word) > 5]
    right = [dice.choice(long) for _ in range(options.requests)]
    wrong = [slip(word, dice) for word in right]
    for name, texts in (("spelt rightly", right), ("misspelt", wrong)):
        answers = [caller.get(PATH, search=text) for text in texts]
        found = sum(bool(json.loads(body)["results"]) for body, _seconds in answers)
        print(
            f"{name}: {milliseconds([seconds for _body, seconds in answers])}; {found} of {len(texts)} found something"
        )
    times, meant = [], 0
    for text, word in zip(wrong, right, strict=True):
        started = time.perf_counter()
        better = searching.corrected(text)
        times.append(time.perf_counter() - started)
        meant += better == " ".join(searching.words_of(word))
    print(f"the correction alone: {milliseconds(times)} (goal p95 30 ms); {meant} of {len(wrong)} as meant")


def slip(word: str, dice: random.Random) -> str:
    """One slip of the hand, not in the first letter."""
    place = dice.randrange(1, len(word) - 1)
    kind = dice.choice(("swap", "leave out", "double", "mistake"))
    head, letter, tail = word[:place], word[place], word[place + 1 :]
    match kind:
        case "swap":
            return head + tail[0] + letter + tail[1:]
        case "leave out":
            return head + tail
        case "double":
            return head + letter + letter + tail
    return head + dice.choice(string.ascii_lowercase) + tail
