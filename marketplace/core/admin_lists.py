"""Pages of the back office that take any address.

A list that no row can answer is the plain list, a form is filled with what its fields can hold; neither is a defect.
"""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldError, ValidationError
from django.db import DataError, OperationalError
from django.db.models import DateTimeField, Field, ManyToManyField, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.views import ChangeList

# What Django looks at late, when the statement is made: a year that no calendar has, a number that no column holds, a
# range of one end. SQLite calls an expression that is none an operational error.
_UNANSWERABLE = (
    ValueError, OverflowError, TypeError, IndexError, FieldError, ValidationError, DataError, OperationalError,
)  # fmt: skip


class CarefulChangeList(ChangeList):
    """Django refuses most odd lookups itself (a redirect to the plain list); the rest is refused here likewise."""

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> "QuerySet[Any, Any]":
        try:
            rows: QuerySet[Any, Any] = super().get_queryset(request, exclude_parameters)
        except _UNANSWERABLE as error:
            raise self._refusal(error) from error
        return rows

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
            # Now, where it can be refused, and not while the page is being written.
            if self.filter_params:
                len(self.result_list)
        except _UNANSWERABLE as error:
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> Exception:
        # Without filters it is no visitor's doing: a defect is to be seen as one.
        return IncorrectLookupParameters(error) if self.filter_params else error


class ModelAdmin(UnfoldModelAdmin):
    """Unfold's, with lists and forms that take any address. Every page of the back office is one."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return CarefulChangeList

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address says, as values of the fields; what they cannot hold is left out.

        Django hands texts on as they came, which a field of a day or of an id takes for a value.
        """
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        fields = {field.name: field for field in [*self.opts.concrete_fields, *self.opts.many_to_many]}
        initial = {}
        for name, value in given.items():
            try:
                initial[name] = _value(fields[name], value) if name in fields else value
            except (ValidationError, ValueError):
                continue
        return initial


def _value(field: "Field[Any, Any]", given: Any) -> Any:
    if isinstance(field, ManyToManyField):
        return [field.target_field.to_python(each) for each in given]
    value = field.to_python(given)
    if isinstance(field, DateTimeField) and value is not None and timezone.is_naive(value):
        return timezone.make_aware(value)
    return value
