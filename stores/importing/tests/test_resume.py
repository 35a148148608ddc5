"""Long files: read and written in chunks by workers that may die between any two of them."""

import pytest
from django.db import connection

from marketplace.core.outbox.relay import drain
from stores.catalog.models import Product, Variant
from stores.importing import services, work
from stores.importing.errors import ImportStateError
from stores.importing.models import ImportRow, ImportRun
from stores.importing.services import staging
from stores.importing.work import work_on
from stores.inventory.models import StockMovement

from .files import counts, csv_file, opened, reasons, row, shelf

ROWS, BAD = 2_500, 25
BAD_LINES = [2 + n * 100 for n in range(BAD)]


def long_file():
    """2,500 rows, every hundredth with a price that is none."""
    return csv_file([row(n, price="gratis" if n % 100 == 0 else "10.00", on_hand="3") for n in range(ROWS)])


def killed(*_args, **_kwargs):
    raise KeyboardInterrupt  # not an Exception: nothing is tidied up, as by a kill


@pytest.mark.django_db
def test_a_long_file_waits_in_the_background_and_lists_every_bad_row():
    shelf()

    run = services.open_run(file=long_file(), file_name="long.csv", actor_id=None)
    assert (run.state, run.rows_count) == ("staging", 0)
    drain()
    run.refresh_from_db()

    assert (run.state, counts(run), run.upload.name) == ("ready", (ROWS - BAD, 0, 0, BAD), "")
    assert reasons(run) == [(line, "price", "amount") for line in BAD_LINES]
    assert not Product.objects.exists()
    services.confirm_run(run_id=run.pk, actor_id=None)
    drain()
    run.refresh_from_db()
    assert (run.state, run.applied_count, run.conflict_count) == ("done", ROWS - BAD, 0)
    assert Variant.objects.count() == StockMovement.objects.count() == ROWS - BAD


@pytest.mark.django_db
def test_a_reader_killed_between_chunks_is_followed_by_one_that_goes_on(monkeypatch):
    shelf()
    run = services.open_run(file=long_file(), file_name="long.csv", actor_id=None)
    with monkeypatch.context() as patch:
        keep, calls = staging._keep, []

        def keep_twice(*args, **kwargs):
            calls.append(args)
            return keep(*args, **kwargs) if len(calls) < 3 else killed()

        patch.setattr(staging, "_keep", keep_twice)
        with pytest.raises(KeyboardInterrupt):
            work_on(run.pk)
    assert ImportRow.objects.count() == 2 * staging.CHUNK
    assert not work_on(run.pk)  # the dead one's lease still runs
    ImportRun.objects.update(leased_until=None)

    run = work.run_to_end(run.pk)

    assert (run.state, run.rows_count) == ("ready", ROWS)
    assert reasons(run) == [(line, "price", "amount") for line in BAD_LINES]


@pytest.mark.django_db
@pytest.mark.parametrize("door", ["open_stock", "keep_going"])
def test_a_writer_killed_inside_a_chunk_leaves_no_half_and_nothing_comes_twice(monkeypatch, door):
    shelf()
    run = work.run_to_end(services.open_run(file=long_file(), file_name="long.csv", actor_id=None).pk)
    services.confirm_run(run_id=run.pk, actor_id=None)
    services.apply_chunk(run_id=run.pk)
    ImportRun.objects.update(leased_until=None)
    with monkeypatch.context() as patch:
        patch.setattr(f"stores.importing.services.applying.{door}", killed)
        with pytest.raises(KeyboardInterrupt):
            work_on(run.pk)
    run.refresh_from_db()
    assert run.applied_count == Variant.objects.count() == staging.CHUNK
    ImportRun.objects.update(leased_until=None)

    run = work.run_to_end(run.pk)

    assert (run.state, run.applied_count, run.conflict_count) == ("done", ROWS - BAD, 0)
    assert Variant.objects.count() == StockMovement.objects.count() == ROWS - BAD


@pytest.mark.django_db
def test_work_that_fails_again_and_again_is_given_up(monkeypatch):
    shelf()
    run = services.open_run(file=long_file(), file_name="long.csv", actor_id=None)
    ImportRun.objects.update(attempts=work.MAX_ATTEMPTS)

    run = work.run_to_end(run.pk)

    assert (run.state, run.failure["code"], run.upload.name) == ("failed", "import_given_up", "")
    assert not Product.objects.exists()


@pytest.mark.django_db
def test_a_file_that_ends_badly_fails_and_applies_nothing():
    shelf()
    file = long_file()
    file.seek(0, 2)
    file.write(b'"never closed')

    run = opened(file, "long.csv")

    assert (run.state, run.failure["code"]) == ("failed", "import_malformed")
    with pytest.raises(ImportStateError):
        services.confirm_run(run_id=run.pk, actor_id=None)
    assert not Product.objects.exists()


@pytest.mark.django_db
def test_repetitions_are_seen_across_chunks_and_across_workers(monkeypatch):
    shelf()
    rows = [row(n) for n in range(2_100)] + [row(5, product="other", name="Other")]
    run = services.open_run(file=csv_file(rows), file_name="long.csv", actor_id=None)
    monkeypatch.setattr(work, "SLICE_SECONDS", 0.0)
    while work_on(run.pk, seconds=0.0):
        run.refresh_from_db()
        if run.state == "ready":
            break

    assert reasons(run) == [(2_102, "sku", "twice")]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_confirmations_together_one_counts_and_two_workers_share_nothing(together):
    shelf()
    run = opened(csv_file([row(n, on_hand="1") for n in range(1_200)]))

    def confirm(_index):
        try:
            services.confirm_run(run_id=run.pk, actor_id=None)
        except ImportStateError:
            return "refused"
        finally:
            connection.close()
        return "confirmed"

    assert sorted(together(confirm, 2)) == ["confirmed", "refused"]

    def carry_on(_index):
        try:
            while services.apply_chunk(run_id=run.pk):
                pass
        finally:
            connection.close()

    together(carry_on, 3)
    run.refresh_from_db()
    assert (run.state, run.applied_count, run.conflict_count) == ("done", 1_200, 0)
    assert Variant.objects.count() == StockMovement.objects.count() == 1_200
