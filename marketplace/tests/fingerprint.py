"""Everything that our tables hold, as one word: whoever is refused must leave it as it was."""

import hashlib
from collections.abc import Iterable

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model

from marketplace.celery import PACKAGES
from marketplace.core.tests.flush import tables_with_rows


def fingerprint(also: Iterable[type[Model]] = ()) -> str:
    """Of every row of every model of ours and of these, as the database has it: what managers leave out counts too."""
    models = apps.get_models(include_auto_created=True)
    ours = {model._meta.db_table for model in models if model.__module__.split(".")[0] in PACKAGES}
    ours |= {model._meta.db_table for model in also}
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(ours & set(tables_with_rows(DEFAULT_DB_ALIAS))):
            cursor.execute(f"SELECT * FROM {table}")
            digest.update(f"{table}: {sorted(map(repr, cursor.fetchall()))}".encode())
    return digest.hexdigest()
