"""Lists of the back office that take any address: one that no row can answer shows the plain list, never a defect."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldError, ValidationError
from django.db import DataError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.views import ChangeList

# What Django looks at late, when the statement is made: a year that no calendar has, a number that no column holds.
_UNANSWERABLE = (ValueError, OverflowError, TypeError, FieldError, ValidationError, DataError)


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
    """Unfold's, with lists that take any address. Every page of the back office is one."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return CarefulChangeList
