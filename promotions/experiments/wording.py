"""The report's codes as people read them."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

WARNINGS: Final[Mapping[str, Any]] = {
    "do_not_read": _(
        "Do not read these figures. The units did not come in as they were shared out (sample ratio check below "
        "0.001): something lost units of one variant rather than of another, and whatever differs may come from that."
    ),
    "too_few_units": _("Fewer than 100 exposed units in a variant: no verdict is given."),
    "still_running": _(
        "It is still running. Verdicts go by the wider interval, which stays true however often you look; the narrow "
        "one and the p-value hold only for looking once, at the planned end."
    ),
    "stopped_early": _(
        "It did not run to an end that was set before the start. Verdicts go by the wider interval; the narrow one and "
        "the p-value would be wrong too often."
    ),
    "not_settled": _("Purchases and late events still come in: the figures are final four days after the stop."),
    "mixed_units": _(
        "More than 2 % of the units were seen under a variant that is not theirs and are left out. With unequal shares "
        "that alone can trip the sample ratio check."
    ),
    "several_variants": _(
        "Several variants are compared with one: intervals are wider and p-values larger for it (Bonferroni)."
    ),
}
VERDICTS: Final[Mapping[str, Any]] = {
    "better": _("better"),
    "worse": _("worse"),
    "undecided": _("undecided"),
    "too_few": _("too few units"),
}
BASES: Final[Mapping[str, Any]] = {
    "fixed": _("fixed horizon: one look, at the planned end"),
    "any_time": _("at any time: however often one looks"),
}
