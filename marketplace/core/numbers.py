"""Numbers of orders: short, random, readable aloud; they tell nobody how many there are."""

import secrets
from typing import Final

# Crockford's base 32: no I, L, O, U (https://www.crockford.com/base32.html).
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_number() -> str:
    """Twelve characters in threes of four: 60 random bits, behind a unique constraint."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
