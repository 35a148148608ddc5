"""Departments and stores to choose from: where the person may write, nothing else."""

from typing import Any

from django.db.models import ForeignKey
from django.http import HttpRequest

from marketplace.core import access
from stores.merchants.selectors import present_stores

AREA = "procurement"


class OwnChoices:
    """Mix into a ModelAdmin with `department` or `store` fields."""

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        where = access.reach(request.user, f"{AREA}:write")
        if db_field.name == "department":
            rows = db_field.related_model._default_manager.all()
            kwargs["queryset"] = access.within(rows, where, department_path="pk")
        if db_field.name == "store":
            # A department orders for any store; a store's people for theirs.
            everywhere = where.everywhere or (bool(where.departments) and self.departments_choose_any_store)
            kwargs["queryset"] = (
                present_stores() if everywhere else access.within(present_stores(), where, store_path="pk")
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    departments_choose_any_store = False
