"""The context's pages in the back office, by slice: Django looks for them here."""

from .accounts import admin as accounts
from .customers import admin as customers
from .personal_exports import admin as personal_exports
from .staff import admin as staff

__all__ = ["accounts", "customers", "personal_exports", "staff"]
