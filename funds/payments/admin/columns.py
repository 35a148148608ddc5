"""Columns that several pages share."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from marketplace.core.formatting import shown_amount

MAY_DECIDE = "funds.add_decision"


class AmountColumn:
    """The row's money in major units."""

    @admin.display(description=_("amount"), ordering="amount_minor")
    def amount_shown(self, row: Any) -> str:
        """Major units."""
        return shown_amount(row.amount)


def may_decide(request: HttpRequest) -> bool:
    """Whether the person may move money by decision."""
    return bool(request.user.has_perm(MAY_DECIDE))


def decision_url(**about: object) -> str:
    """The form of a new decision, filled in."""
    return f"{reverse('admin:funds_decision_add')}?{urlencode(about)}"
