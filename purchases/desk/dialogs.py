"""Dialogs of the desk."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from purchases.orders.models import ReturnLine

PREFIX = "fate_"


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
