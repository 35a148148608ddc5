"""Levels of customers, by name; they are the users context's own."""

from typing import Final

from django.utils.translation import gettext_lazy as _

TIERS: Final = [("bronze", _("Bronze")), ("silver", _("Silver")), ("gold", _("Gold"))]
TIER_NAMES: Final = frozenset(name for name, _label in TIERS)
