"""Refusals of the catalogue."""

from marketplace.core.errors import DomainError, gettext_noop


class CategoryCycleError(DomainError):
    """A category cannot hang below itself."""

    code = "category_cycle"
    message = gettext_noop("A category cannot be moved below itself.")


class CategoryTooDeepError(DomainError):
    """The tree has a limit."""

    code = "category_too_deep"
    message = gettext_noop("The category tree has at most %(limit)s levels.")


class DepartmentMismatchError(DomainError):
    """A category stays in its department, and below parents of that department."""

    code = "department_mismatch"
    message = gettext_noop("A category and its parent belong to one department, which does not change.")


class CategoryInUseError(DomainError):
    """A category with products or children stays."""

    code = "category_in_use"
    message = gettext_noop("The category still has products or categories below it.")


class BrandInUseError(DomainError):
    """A brand with products stays."""

    code = "brand_in_use"
    message = gettext_noop("The brand still has products.")


class StoreFixedError(DomainError):
    """A product stays in its store."""

    code = "store_fixed"
    message = gettext_noop("A product stays in its store.")


class SkuTakenError(DomainError):
    """SKUs are unique inside a store, deleted variants included: old books name them."""

    code = "sku_taken"
    message = gettext_noop("The store already has the SKU “%(sku)s”.")
