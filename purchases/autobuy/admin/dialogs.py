"""Dialogs of the queue."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from marketplace.core.admin_forms import refusal_text
from marketplace.core.errors import DomainError
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money
from purchases.autobuy.models import AutoPurchase


class ReasonForm(BaseDialogForm):
    """Nobody's money comes back without a word."""

    reason = forms.CharField(
        label=_("Reason, for the customer"), max_length=280, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


class AmountForm(BaseDialogForm):
    """An amount in the purchase's currency."""

    amount = forms.CharField(label=_("Amount"), max_length=20, widget=UnfoldAdminTextInputWidget())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purchase = AutoPurchase.objects.get(ticket=self.object_id)
        self.currency = purchase.currency
        self.fields["amount"].help_text = _("In %(currency)s; set aside: %(held)s.") % {
            "currency": purchase.currency,
            "held": shown_amount(purchase.held),
        }

    def clean_amount(self) -> Money:
        """Raises with the words of the amount's own refusal."""
        try:
            amount = Money.parse(self.cleaned_data["amount"].strip(), self.currency)
        except DomainError as error:
            raise ValidationError(refusal_text(error)) from error
        if not amount:
            raise ValidationError(_("Nothing costs nothing."))
        return amount


class BoughtForm(AmountForm):
    """What it really cost, and how to find it again."""

    shop_reference = forms.CharField(
        label=_("Order number in the shop"), max_length=80, required=False, widget=UnfoldAdminTextInputWidget()
    )
    tracking = forms.CharField(label=_("Tracking"), max_length=120, required=False, widget=UnfoldAdminTextInputWidget())


class AskAgainForm(AmountForm, ReasonForm):
    """The price that the customer is asked about."""
