"""Spanish as the shop's own country writes it; what is not said here is Django's (`31/12/2026`, `31 de diciembre`).

Mexico and Central America write 1,234.50; Spain and most of South America 1.234,50 (`SPANISH_NUMBERS=comma`).
"""

from django.conf import settings

DECIMAL_SEPARATOR, THOUSAND_SEPARATOR = (",", ".") if settings.SPANISH_NUMBERS == "comma" else (".", ",")
NUMBER_GROUPING = 3
