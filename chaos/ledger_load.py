"""Writers that post transfers under known keys and note what was acknowledged, and the look into the books then."""

import multiprocessing
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection, connections

from funds.ledger.models import AccountKind, Journal, JournalKind
from funds.ledger.services import capture_hold, place_hold, post_transfers
from funds.ledger.terms import AccountKey, Leg, Transfer
from marketplace.core.ids import uuid7
from marketplace.core.money import Money

WALLET = [AccountKey.wallet(uuid7(), "MXN") for _ in range(200)]
ESCROW = AccountKey.house(AccountKind.ESCROW, "MXN")
EQUITY = AccountKey.house(AccountKind.EQUITY, "MXN")
SCOPE = "chaos"
BATCH = 20


@dataclass(frozen=True)
class Outcome:
    """What one round's writers did, and what of it the books know."""

    acknowledged: int
    unanswered: int
    missing: int
    doubled: int
    stranded: int
    """Unanswered ones that could not be completed by asking again."""


def fill_wallets() -> None:
    """Money to move."""
    post_transfers(
        transfers=[
            Transfer(SCOPE, f"opening-{number}", JournalKind.TRANSFER, (Leg(EQUITY, wallet, Money(10**9, "MXN")),))
            for number, wallet in enumerate(WALLET)
        ]
    )


def start_writers(folder: Path, number: int, writers: int) -> list[Any]:
    """Processes with a connection and a file of their own; they end when the database does."""
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    processes = [
        fork.Process(target=write, args=(folder / f"{number}-{writer}", f"{number}-{writer}"), daemon=True)
        for writer in range(writers)
    ]
    for process in processes:
        process.start()
    return processes


def write(path: Path, name: str) -> None:
    """Post until the connection breaks. A line `? keys` before each call, `! keys` after its answer."""
    random.seed()
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for number in range(1_000_000):
            transfers = drawn(f"{name}-{number}")
            keys = " ".join(transfer.key for transfer in transfers)
            os.write(file, f"? {keys}\n".encode())
            act(transfers)
            os.write(file, f"! {keys}\n".encode())
    except (OperationalError, InterfaceError):
        return
    finally:
        connection.close()


def drawn(key: str) -> list[Transfer]:
    """A single transfer, a payment by hold and capture, or a batch: drawn by the key, so that it can be asked again."""
    rng = random.Random(key)
    kind = rng.choice(["one", "one", "hold", "batch"])
    names = [f"{key}-{kind}-{place}" for place in range(BATCH if kind == "batch" else 1)]
    return [any_transfer(rng, name) for name in names]


def any_transfer(rng: random.Random, key: str) -> Transfer:
    """To another wallet or to the house."""
    payer, payee = rng.sample(WALLET, 2)
    leg = Leg(payer, rng.choice([payee, ESCROW]), Money(rng.randint(1, 100), "MXN"))
    return Transfer(SCOPE, key, JournalKind.TRANSFER, (leg,))


def act(transfers: list[Transfer]) -> None:
    """Post them, the ones called so by a hold that is captured at once. Harmless twice."""
    if "-hold-" not in transfers[0].key:
        post_transfers(transfers=transfers)
        return
    (transfer,) = transfers
    (leg,) = transfer.legs
    placed = place_hold(
        scope=SCOPE, key=transfer.key, payer=leg.debit, payee=leg.credit, amount=leg.amount, lasts=timedelta(hours=1)
    )
    capture_hold(hold_id=placed.hold_id, key=transfer.key)


def examine(folder: Path, number: int) -> Outcome:
    """Whether every acknowledged key is in the books once; then the unanswered calls are made again."""
    acknowledged, unanswered = read_notes(folder, number)
    found = in_the_books()
    missing = sum(found.get(key, 0) == 0 for key in acknowledged)
    for keys in unanswered:
        act(drawn("-".join(keys[0].split("-")[:3])))
    found = in_the_books()
    return Outcome(
        acknowledged=len(acknowledged),
        unanswered=len(unanswered),
        missing=missing,
        doubled=sum(count > 1 for count in found.values()),
        stranded=sum(found.get(key, 0) != 1 for keys in unanswered for key in keys),
    )


def read_notes(folder: Path, number: int) -> tuple[list[str], list[list[str]]]:
    """Acknowledged keys, and the keys of each call that got no answer."""
    acknowledged: list[str] = []
    unanswered: list[list[str]] = []
    for path in folder.glob(f"{number}-*"):
        lines = [line.split(" ") for line in path.read_text().splitlines()]
        answered = [keys for mark, *keys in lines if mark == "!"]
        acknowledged += [key for keys in answered for key in keys]
        unanswered += [keys for mark, *keys in lines[-1:] if mark == "?"]
    return acknowledged, unanswered


def in_the_books() -> dict[str, int]:
    """How many journals there are of each key; a capture's key is its hold's number and the key."""
    return dict(_counted(Journal.objects.values_list("idem_key", flat=True).iterator()))


def _counted(names: Iterator[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        key = name.split(":")[-1]
        counts[key] = counts.get(key, 0) + 1
    return counts


def books_are_sound() -> bool:
    """`verify_ledger --full`."""
    try:
        with Path(os.devnull).open("w") as nowhere:
            call_command("verify_ledger", "--full", stdout=nowhere)
    finally:
        connections.close_all()
    return True
