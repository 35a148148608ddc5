"""A property-based client walks over the whole schema as three people: no 5xx, no answer outside the schema.

The seed is fixed so that a failure can be repeated; `SCHEMATHESIS_SEED` walks another way, and
`SCHEMATHESIS_EXAMPLES` walks farther (requests per operation, each sent as every person).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import seed as with_seed
from hypothesis import settings as options
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from marketplace.settings.env import BASE_DIR
from marketplace.wsgi import application
from users.accounts.deny_list import deny_list
from users.facade import access_token

from .world import World, build_world, ids_for

pytestmark = [pytest.mark.slow, pytest.mark.served]

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))
SEED = int(os.environ.get("SCHEMATHESIS_SEED", "20260131"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PEOPLE = ["anonymous", "owner", "administrator"]

SCHEMA: Any = schemathesis.openapi.from_path(BASE_DIR / "docs" / "openapi.yaml")
SCHEMA.app = application
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}


@contextmanager
def one_connection() -> Iterator[None]:
    """Requests leave the test's connection open, and what they write is undone."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    start = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(start)
        for signal in signals:
            signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def world(module_rows: None) -> World:
    """Once for all operations: whatever a request writes is undone."""
    return build_world()


@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.django_db
def test_nothing_breaks_and_every_answer_is_described(world: World, label: str, settings: Any):
    settings.THROTTLE_RATES = dict.fromkeys(settings.THROTTLE_RATES, "1000000/min")
    everybody = [headers_of(world, person) for person in PEOPLE]
    for mode in GenerationMode:  # requests that follow the schema, and requests that break it
        walk_over(OPERATIONS[label], world, everybody, mode)


def headers_of(world: World, person: str) -> dict[str, str]:
    user = world.people[person]
    return {} if user is None else {"Authorization": f"Bearer {access_token(user.pk)}"}


def walk_over(operation: Any, world: World, everybody: list[dict[str, str]], mode: GenerationMode) -> None:
    """Draw requests for one operation and send each as everybody; it is undone each time."""

    @with_seed(SEED)
    # No shrinking: a failure is read as it came, in seconds.
    @options(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def walk(case: Any) -> None:
        name_something_that_exists(world, case)
        for headers in everybody:
            deny_list.forget()
            with one_connection():
                response = case.call(headers=headers)
            case.validate_response(response, checks=CHECKS)

    with suppress(Unsatisfiable):  # nothing in this operation can be broken
        walk()


def name_something_that_exists(world: World, case: Any) -> None:
    """Two of three requests are about an object of the world; what was drawn for the path decides which."""
    if not case.path_parameters or sum(map(ord, str(case.path_parameters))) % 3 == 0:
        return
    path = case.operation.path.replace("{id}", "{pk}").removeprefix("/api/v1/")
    ids = ids_for(world, path)
    case.path_parameters = {
        name: str(ids.get("pk" if name == "id" else name, drawn)) for name, drawn in case.path_parameters.items()
    }
