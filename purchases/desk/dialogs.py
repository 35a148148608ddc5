"""Dialogs of the desk."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextareaWidget,
)

from purchases.orders.models import OrderLine, ReturnLine
from purchases.shipments.selectors import units_of

PREFIX = "fate_"
UNITS = "units_"


class ReasonForm(BaseDialogForm):
    """Why; the customer and whoever reads the history later are told."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


class AnswerForm(BaseDialogForm):
    """Words for the customer, if one likes."""

    answer = forms.CharField(
        label=_("Answer to the customer"),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class RefusalForm(BaseDialogForm):
    """Nobody is refused without a word."""

    answer = forms.CharField(
        label=_("Answer to the customer"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


class ReceiveForm(BaseDialogForm):
    """What becomes of each line that came back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = ReturnLine.objects.filter(order_return=self.object_id).select_related("line").order_by("line__sku", "pk")
        for row in rows:
            self.fields[f"{PREFIX}{row.line_id}"] = forms.ChoiceField(
                label=f"{row.quantity} × {row.line.sku} · {row.line.name}",
                choices=ReturnLine.Fate.choices,
                initial=ReturnLine.Fate.RESTOCK,
                widget=UnfoldAdminRadioSelectWidget(),
            )

    @property
    def fates(self) -> dict[UUID, str]:
        """By line of the order."""
        return {
            UUID(name.removeprefix(PREFIX)): fate for name, fate in self.cleaned_data.items() if name.startswith(PREFIX)
        }


class CallOffForm(ReasonForm):
    """How many units of each line that is not sent yet never will be, why, and what becomes of them.

    All that is left is filled in where one store has something left; of several, one is called off at a time.
    """

    fate = forms.ChoiceField(
        label=_("What becomes of the goods"),
        choices=ReturnLine.Fate.choices,
        initial=ReturnLine.Fate.RESTOCK,
        widget=UnfoldAdminRadioSelectWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        left = {line.line_id: line for line in units_of(UUID(str(self.object_id))) if line.left}
        self.part_of = {line_id: line.part_id for line_id, line in left.items()}
        is_one_store = len(set(self.part_of.values())) == 1
        rows = OrderLine.objects.filter(pk__in=left).select_related("part__store")
        for row in rows.order_by("part__store__name", "sku", "pk"):
            units = left[row.pk].left
            self.fields[f"{UNITS}{row.pk}"] = forms.IntegerField(
                label=f"{row.part.store.name} · {row.sku} · {row.name} (≤ {units})",
                min_value=0,
                max_value=units,
                initial=units if is_one_store else 0,
                required=False,
                widget=UnfoldAdminIntegerFieldWidget(),
            )

    @property
    def quantities(self) -> dict[UUID, int]:
        """By line of the order, those that are called off."""
        named = {name: units for name, units in self.cleaned_data.items() if name.startswith(UNITS) and units}
        return {UUID(name.removeprefix(UNITS)): units for name, units in named.items()}

    @property
    def part_id(self) -> UUID:
        """Whose they are."""
        return next(self.part_of[line_id] for line_id in self.quantities)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        stores = {self.part_of[line_id] for line_id in self.quantities}
        if not self.errors and len(stores) != 1:
            raise ValidationError(_("Say how many units of one store will not be sent."), code="one_store")
        return cleaned
