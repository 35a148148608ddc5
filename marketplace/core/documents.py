"""Where documents live: large, short-lived or shapeless rows that nothing refers to.

With DOCUMENTS_URL they live in MongoDB under the alias `documents`, else in the relational database: the same models
and the same code. Atomicity never spans both, so a document is written before the row that makes it matter.
"""

from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, models

DOCUMENTS_ALIAS: Final = "documents"
DOCUMENT_MODELS: Final = frozenset({("links", "pagesnapshot"), ("links", "pricepoint")})
"""By app label and lower-case name: explicit UUID keys, no foreign keys, no triggers."""


def documents_alias() -> str:
    """The alias that holds documents here."""
    return DOCUMENTS_ALIAS if DOCUMENTS_ALIAS in settings.DATABASES else DEFAULT_DB_ALIAS


class DocumentsRouter:
    """Documents in their database, everything else in the relational one."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        """Nothing is said of other models."""
        return documents_alias() if _is_document(model._meta.app_label, model._meta.model_name) else None

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str | None:
        """As it is read."""
        return self.db_for_read(model, **hints)

    def allow_relation(self, one: models.Model, other: models.Model, **hints: Any) -> bool | None:
        """A document refers to nothing, and nothing to it, wherever it lives."""
        if any(_is_document(each._meta.app_label, each._meta.model_name) for each in (one, other)):
            return False
        return None

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
        """Tables of documents in their database only, and nothing else there."""
        if model_name is not None and _is_document(app_label, model_name):
            return db == documents_alias()
        return False if db == DOCUMENTS_ALIAS else None


def _is_document(app_label: str, model_name: str | None) -> bool:
    return (app_label, model_name) in DOCUMENT_MODELS
