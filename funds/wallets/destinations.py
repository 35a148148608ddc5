"""Bank accounts that money may be sent to: is this one written correctly?

In Mexico that is a CLABE of 18 digits, the last of which checks the others: each of the first 17 times 3, 7, 1, 3, 7,
1 and so on, only the units of each product added up; ten minus the units of the sum is the check digit (ABM and Banco
de México, "Clave Bancaria Estandarizada"; the rule is also at https://en.wikipedia.org/wiki/CLABE). Elsewhere it is
whatever the bank calls it: 4 to 34 capital letters and digits, 34 being the longest IBAN (ISO 13616).
"""

import re
from itertools import cycle
from typing import Final

MAX_LENGTH: Final = 34
_CLABE: Final = re.compile(r"[0-9]{18}", re.ASCII)
_OTHER: Final = re.compile(r"[A-Z0-9]{4,34}", re.ASCII)


def is_destination(text: str, currency: str) -> bool:
    """Whether money of that currency could be sent there."""
    if currency == "MXN":
        return _CLABE.fullmatch(text) is not None and int(text[-1]) == clabe_check_digit(text[:-1])
    return _OTHER.fullmatch(text) is not None


def clabe_check_digit(digits: str) -> int:
    """The eighteenth digit for these seventeen."""
    total = sum(int(digit) * weight % 10 for digit, weight in zip(digits, cycle((3, 7, 1)), strict=False))
    return -total % 10
