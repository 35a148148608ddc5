"""Whether a person has met an item before, in memory that does not grow: a Bloom filter (CACM 13, 1970).

It never forgets a pair; rarely it thinks it knows one it does not: that target then counts as met before.
"""

import hashlib
import math
from typing import Final

HASHES: Final = 5


class Seen:
    """Pairs of a person and an item."""

    def __init__(self, megabytes: int = 32) -> None:
        self._bits = megabytes * 2**23
        self._field = bytearray(self._bits // 8)
        self.pairs = 0

    def meet(self, person: str, item: str) -> bool:
        """Note the pair; whether it was there already."""
        digest = hashlib.blake2b(f"{person}\n{item}".encode(), digest_size=16).digest()
        first, step = int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big") | 1
        known = True
        for turn in range(HASHES):
            place, bit = divmod((first + turn * step) % self._bits, 8)
            if not self._field[place] >> bit & 1:
                known = False
                self._field[place] |= 1 << bit
        self.pairs += not known
        return known

    @property
    def mistakes(self) -> float:
        """The share of new pairs that are taken for known ones by now."""
        return (1 - math.exp(-HASHES * self.pairs / self._bits)) ** HASHES
