"""Admin pages whose writes go through services: versions that are posted, money in major units, refusals shown."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from .errors import DomainError, StaleError
from .formatting import shown_params
from .money import Money, exponent


class VersionedForm(forms.ModelForm):  # type: ignore[type-arg]
    """Posts the version it was opened with: of two people who edit side by side, the second is told."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["expected_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.instance._state.adding and values.get("expected_version") != self.instance.version:
            raise ValidationError([_(StaleError.message), *self._both_values(values)], code=StaleError.code)
        return values

    def _both_values(self, values: dict[str, Any]) -> list[str]:
        """Of every field that differs: what it is now, and what this person wanted."""
        return [
            _("%(field)s: now “%(now)s”, yours “%(yours)s”.")
            % {
                "field": capfirst(self[name].label),
                "now": _shown(self.fields[name], self.get_initial_for_field(self.fields[name], name)),
                "yours": _shown(self.fields[name], values.get(name)),
            }
            for name in self.changed_data
            if name != "expected_version" and name in values
        ]


def _shown(field: forms.Field, value: Any) -> str:
    """A value as a person reads it: of a choice its label, of an object its name."""
    if value in (None, ""):
        return "—"
    if isinstance(field, forms.ModelChoiceField) and not isinstance(value, Model):
        value = field.queryset.filter(pk=value).first() or value if field.queryset is not None else value
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


class MajorUnitsField(forms.DecimalField):
    """An amount as people write it, 499.00; `as_money` makes it money."""

    widget = UnfoldAdminDecimalFieldWidget

    def __init__(self, **kwargs: Any) -> None:
        label = capfirst(kwargs.pop("label", None))
        super().__init__(min_value=Decimal(0), max_digits=15, decimal_places=3, label=label, **kwargs)


def as_money(amount: Decimal | None, currency: str) -> Money | None:
    """The amount in that currency; raises a form's `ValidationError` for too many decimals."""
    if amount is None:
        return None
    try:
        # Zeros behind the last decimal say nothing; what is left must fit the currency.
        return Money.parse(f"{amount.normalize():f}", currency)
    except DomainError as error:
        raise ValidationError(_(error.message) % error.params, code=error.code) from error


def in_major_units(money: Money | None) -> Decimal | None:
    """What a form shows."""
    return None if money is None else round(money.decimal, exponent(money.currency))


def changed_columns(form: forms.ModelForm) -> dict[str, Any]:  # type: ignore[type-arg]
    """What the person changed, by column attribute, as services take it; fields that are no columns left out."""
    columns = {field.name: field for field in form.instance._meta.concrete_fields}
    return {
        columns[name].attname: _column_value(columns[name], form.cleaned_data[name])
        for name in form.changed_data
        if name in columns
    }


def _column_value(column: Any, value: Any) -> Any:
    return value.pk if isinstance(column, ForeignKey) and isinstance(value, Model) else value


class RefusalsShown:
    """Mix into a ModelAdmin: a service's refusal is shown where it was asked for; nothing of the request is kept.

    A form comes back as it was filled in, with the refusal at the field it names. `refusal_fields` tells the form's
    name of a field that the service calls otherwise.
    """

    refusal_fields: ClassVar[Mapping[str, str]] = {}

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        page: Callable[..., HttpResponse] = super().changeform_view  # type: ignore[misc]
        try:
            return page(request, *args, **kwargs)
        except DomainError as error:
            if request.method != "POST":
                raise
            # Everything is rolled back. The same request again, with a form that knows it is refused.
            request.refusal = error  # type: ignore[attr-defined]
        return page(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)  # type: ignore[misc]
        refusal = getattr(request, "refusal", None)
        if refusal is None:
            return form
        errors = form_errors(refusal, self.refusal_fields)
        return type(form)(form.__name__, (_Refused, form), {"refusal_errors": errors})

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.shown(request, super().delete_view, *args, **kwargs)  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.shown(request, super().changelist_view, *args, **kwargs)  # type: ignore[misc]

    def shown(self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any) -> HttpResponse:
        """The view's answer, or the page again with the refusal on top."""
        try:
            return view(request, *args, **kwargs)
        except DomainError as error:
            show_refusal(request, error)
            return HttpResponseRedirect(request.get_full_path())


class _Refused:
    """Put before a form: its values were refused, for these reasons."""

    refusal_errors: ClassVar[list[tuple[str | None, str]]] = []

    def full_clean(self) -> None:
        super().full_clean()  # type: ignore[misc]
        for field, text in self.refusal_errors:
            self.add_error(field if field in self.fields else None, text)  # type: ignore[attr-defined]


def form_errors(error: DomainError, names: Mapping[str, str]) -> list[tuple[str | None, str]]:
    """The refusal as (field or none, text) pairs in the reader's language."""
    reasons = [(names.get(each.field, each.field), _(each.detail)) for each in error.field_errors]
    return [*reasons] or [(None, refusal_text(error))]


def refusal_text(error: DomainError) -> str:
    """A refusal in the reader's language; of wrong values, what is wrong with them."""
    reasons = [_(each.detail) for each in error.field_errors]
    text = _(error.message)
    return " ".join(reasons) or (text % shown_params(error.params) if error.params else text)


def show_refusal(request: HttpRequest, error: DomainError) -> None:
    """Say it on the next page."""
    messages.error(request, refusal_text(error))


class ParentTold(PaginationInlineFormSet):
    """Tells its forms whose rows they are, by the name of the foreign key, also while the parent is new."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), self.fk.name: self.instance}


class ScopedInline(TabularInline):
    """Rows of a parent that is a `ScopedAdmin`: who may change the parent may change them."""

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(self.admin_site.get_model_admin(self.parent_model).has_view_permission(request, obj))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_change_parent(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_change_parent(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_change_parent(request, obj)

    def _may_change_parent(self, request: HttpRequest, obj: Model | None) -> bool:
        parent = self.admin_site.get_model_admin(self.parent_model)
        return bool(parent.has_add_permission(request) if obj is None else parent.has_change_permission(request, obj))
