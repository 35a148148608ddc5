"""PostgreSQL runs the statements of the on-sale second as functions; a migration wrote them down."""

import pytest
from django.db import connection

from promotions.flash import statements

pytestmark = pytest.mark.django_db


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["look", "take_hold", "claim_unit"])
def test_the_function_in_the_database_is_the_statement_as_it_is_now(name: str) -> None:
    """Whoever changes a statement writes a migration, or PostgreSQL goes on with the old one."""
    created = statements.function_texts()[name]
    function = created.split("FUNCTION ")[1].split("(")[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [function])
        (body,), *others = cursor.fetchall()

    assert not others
    assert body.split() == created.split("$$")[1].split()  # line breaks aside
