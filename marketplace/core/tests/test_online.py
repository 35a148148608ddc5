"""An index that is built beside its table's writers."""

import pytest
from django.apps import apps
from django.db import NotSupportedError, connection, models, transaction
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from marketplace.core.models import OutboxEvent
from marketplace.core.online import AddIndexOnline

NAME = "core_planted_online"


def operation_and_states() -> tuple[AddIndexOnline, ProjectState, ProjectState]:
    operation = AddIndexOnline("outboxevent", models.Index(fields=["id"], name=NAME))
    before = ProjectState.from_apps(apps)
    after = before.clone()
    operation.state_forwards("core", after)
    return operation, before, after


def index_names() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, OutboxEvent._meta.db_table))


@pytest.mark.django_db(transaction=True)
def test_the_index_is_built_and_dropped_concurrently_where_that_is_possible() -> None:
    operation, before, after = operation_and_states()

    with (
        CaptureQueriesContext(
            connection,
        ) as asked,
        connection.schema_editor(atomic=False) as editor,
    ):
        operation.database_forwards("core", editor, before, after)
        built = index_names()
        operation.database_backwards("core", editor, after, before)

    statements = [each["sql"] for each in asked if NAME in each["sql"] and "INDEX" in each["sql"]]
    assert NAME in built
    assert NAME not in index_names()
    assert ["CONCURRENTLY" in each for each in statements] == [connection.vendor == "postgresql"] * 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_it_is_refused_before_anything_happens() -> None:
    operation, before, after = operation_and_states()

    with transaction.atomic(), connection.schema_editor(atomic=False) as editor, pytest.raises(NotSupportedError):
        operation.database_forwards("core", editor, before, after)

    assert NAME not in index_names()
