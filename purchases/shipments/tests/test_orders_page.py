"""docs/orders.md says what the code does: its tables of states are the tables of the code."""

import re

from marketplace.settings.env import BASE_DIR
from purchases.orders.states import TRANSITIONS as ORDER_STEPS
from purchases.orders.states import fulfilment_state, payment_state
from purchases.shipments.states import TRANSITIONS as SHIPMENT_STEPS

PAGE = (BASE_DIR / "docs" / "orders.md").read_text(encoding="utf-8")


def rows(first_cells: str) -> list[list[str]]:
    """The rows of the table with these headings, cell by cell."""
    lines = PAGE.split(f"| {first_cells} |", 1)[1].splitlines()[2:]
    table = lines[: next(number for number, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def words(cell: str) -> frozenset[str]:
    return frozenset(re.findall(r"`(\w+)`", cell))


def steps(first_cells: str) -> dict[str, frozenset[str]]:
    return {state.strip("`"): words(targets) for state, targets, *_rest in rows(first_cells)}


def test_the_steps_of_orders_and_parcels_are_those_of_the_page():
    assert steps("state | may become | how") == {str(state): set(to) for state, to in ORDER_STEPS.items()}
    assert steps("state | may become | what it means") == {str(state): set(to) for state, to in SHIPMENT_STEPS.items()}


def test_the_derived_states_are_those_of_the_page():
    derived = {str(state): (payment_state(state), fulfilment_state(state)) for state in ORDER_STEPS}

    shown = [[cell.strip("`") for cell in row] for row in rows("state | `payment_state` | `fulfilment_state`")]

    assert {state: (money, goods) for state, money, goods in shown} == derived
