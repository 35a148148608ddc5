"""Writes of the category tree. `path` is kept here and nowhere else."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError, Value
from django.db.models.functions import Concat, Substr

from marketplace.core import audit
from marketplace.core.errors import NotFoundError
from marketplace.core.http.etags import compare_and_set
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from stores.catalog.errors import (
    CategoryCycleError,
    CategoryInUseError,
    CategoryTooDeepError,
    DepartmentMismatchError,
)
from stores.catalog.models import Category
from stores.events import CategoryMoved
from stores.revisions import insert_with_slug, revise
from stores.slugs import SlugTakenError, slug_candidates


@transaction.atomic
def create_category(
    *,
    name: str,
    department_id: UUID,
    actor_id: UUID | None,
    slug: str = "",
    parent_id: UUID | None = None,
    tax_bp: int = 0,
) -> Category:
    """Add a category at the root or below a parent of the same department. Tax in hundredths of a percent.

    Raises `SlugTakenError`, `DepartmentMismatchError`, `CategoryTooDeepError`, `NotFoundError` for the parent.
    """
    above = "" if parent_id is None else _parent_path(parent_id, department_id)
    _refuse_depth(len(above) + Category.STEP)

    def build(candidate: str) -> Category:
        category = Category(name=name, slug=candidate, department_id=department_id, parent_id=parent_id, tax_bp=tax_bp)
        category.path = f"{above}{category.pk.hex}/"
        return category

    category = insert_with_slug(build, slug_candidates(given=slug, name=name, fallback="category", max_length=140))
    audit.record(actor_id=actor_id, action="stores.create_category", subject=category, after={"slug": category.slug})
    return category


@transaction.atomic
def change_category(
    *, category: Category, expected_version: int | None, changes: dict[str, Any], actor_id: UUID | None
) -> Category:
    """Set the given columns; another `parent_id` moves the whole subtree, inside its department.

    Raises `StaleError`, `SlugTakenError`, `DepartmentMismatchError`, `CategoryCycleError`, `CategoryTooDeepError`.
    """
    if changes.get("department_id", category.department_id) != category.department_id:
        raise DepartmentMismatchError
    if "parent_id" in changes and changes["parent_id"] != category.parent_id:
        _move_subtree(category, changes["parent_id"])
    revise(
        category,
        expected_version=expected_version,
        changes=changes,
        actor_id=actor_id,
        action="stores.change_category",
        clash=SlugTakenError(slug=changes.get("slug", category.slug)),
    )
    return category


@transaction.atomic
def delete_category(*, category: Category, expected_version: int | None, actor_id: UUID | None) -> None:
    """Delete a category that holds nothing. Raises `StaleError`, `CategoryInUseError`."""
    compare_and_set(category, expected_version)
    audit.record(actor_id=actor_id, action="stores.delete_category", subject=category, before={"slug": category.slug})
    try:
        category.delete()
    except ProtectedError as error:
        raise CategoryInUseError from error


def _parent_path(parent_id: UUID, department_id: UUID) -> str:
    # Locked, so that the parent is not moved while a child takes its path.
    for parent in lock(LockRank.CATALOG, Category.objects.filter(pk=parent_id)):
        if parent.department_id != department_id:
            raise DepartmentMismatchError
        return parent.path
    raise NotFoundError


def _move_subtree(category: Category, parent_id: UUID | None) -> None:
    """Rewrite the paths of the subtree in one statement, with the department's tree locked."""
    tree = {row.pk: row for row in lock(LockRank.CATALOG, Category.objects.filter(department=category.department_id))}
    here = tree[category.pk].path
    above = ""
    if parent_id is not None:
        if parent_id not in tree:
            raise DepartmentMismatchError
        above = tree[parent_id].path
    if above.startswith(here):
        raise CategoryCycleError
    height = max(len(row.path) for row in tree.values() if row.path.startswith(here)) - len(here)
    _refuse_depth(len(above) + Category.STEP + height)
    kept_from = len(here) - Category.STEP + 1
    Category.objects.filter(path__startswith=here).update(path=Concat(Value(above), Substr("path", kept_from)))
    publish(CategoryMoved(category_id=category.pk))


def _refuse_depth(path_length: int) -> None:
    if path_length > Category.MAX_DEPTH * Category.STEP:
        raise CategoryTooDeepError(limit=Category.MAX_DEPTH)
