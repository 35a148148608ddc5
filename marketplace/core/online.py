"""Changes of the schema while the release before still serves (docs/migrations.md)."""

from typing import Any

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddIndex
from django.db.migrations.state import ProjectState


class AddIndexOnline(NotInTransactionMixin, AddIndex):
    """An index beside its table's writers on PostgreSQL; on SQLite, which has one writer, the usual way.

    The migration needs `atomic = False`, and does nothing else: what fails half-way leaves an invalid index, which is
    dropped before the next try (docs/migrations.md). Raises NotSupportedError inside a transaction of PostgreSQL.
    """

    atomic = False

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Build it."""
        self._change("add_index", app_label, schema_editor, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop it, beside its readers as well."""
        self._change("remove_index", app_label, schema_editor, from_state)

    def _change(self, name: str, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> None:
        options: dict[str, Any] = {}
        if schema_editor.connection.vendor == "postgresql":
            self._ensure_not_in_transaction(schema_editor)
            options["concurrently"] = True
        model = state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = state.models[app_label, self.model_name_lower].get_index_by_name(self.index.name)
            getattr(schema_editor, name)(model, index, **options)
