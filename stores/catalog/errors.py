"""Refusals of the catalogue."""

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


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


class BarcodeTakenError(DomainError):
    """A barcode names one variant of a store."""

    code = "barcode_taken"
    message = gettext_noop("Another variant of the store has the barcode %(barcode)s.")


class ImageRefusedError(DomainError):
    """A file that is no picture, or none that is taken here."""

    code = "image_refused"
    kind = ErrorKind.INVALID
    message = gettext_noop("Send a whole picture in JPEG, PNG, WebP or GIF.")


class ImageTooLargeError(DomainError):
    """Bytes or pixels past the limit."""

    code = "image_too_large"
    kind = ErrorKind.INVALID
    message = gettext_noop("A picture has at most %(megabytes)s MB and %(megapixels)s megapixels.")


class ImageThereError(DomainError):
    """The same file again."""

    code = "image_already_there"
    message = gettext_noop("The product already has this picture.")


class TooManyImagesError(DomainError):
    """A product has a limit of pictures."""

    code = "too_many_images"
    message = gettext_noop("A product has at most %(limit)s pictures.")
