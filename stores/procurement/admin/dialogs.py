"""Dialogs of a purchase order."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from marketplace.core.ids import uuid7
from stores.procurement.models import PurchaseOrderLine
from stores.procurement.services.orders import MAX_QUANTITY
from stores.procurement.services.receipts import LineReceived

PREFIX = "line_"


class ReceiveGoodsForm(BaseDialogForm):
    """How much of each line came in; what is open is filled in. The hidden key makes a double click one receipt."""

    delivery_note = forms.CharField(
        label=_("delivery note"), max_length=80, required=False, widget=UnfoldAdminTextInputWidget
    )
    idem_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lines = PurchaseOrderLine.objects.filter(order=self.object_id).order_by("sku", "pk")
        for line in lines:
            self.fields[f"{PREFIX}{line.pk}"] = forms.IntegerField(
                label=f"{line.sku} · {line.name}",
                min_value=0,
                max_value=2 * MAX_QUANTITY,
                required=False,
                initial=line.open_qty,
                widget=UnfoldAdminIntegerFieldWidget,
            )

    @property
    def received(self) -> list[LineReceived]:
        """Lines of which something came."""
        return [
            LineReceived(UUID(name.removeprefix(PREFIX)), quantity)
            for name, quantity in self.cleaned_data.items()
            if name.startswith(PREFIX) and quantity
        ]


class CancelOrderForm(BaseDialogForm):
    """Why, if one likes."""

    reason = forms.CharField(label=_("reason"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget)
