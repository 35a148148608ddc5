"""Import of a catalogue file: rows a second of reading and of writing, and the process's peak memory.

    python -m bench import_products [--rows 50000] [--bad 500] [--format csv|xlsx] [--sqlite]

The file is made first; a fresh process, as a worker is one, brings it in, confirms it, and measures itself. With
`--sqlite` the catalogue is in a file of its own.
"""

import argparse
import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STORES, CATEGORIES = 20, 40


def main() -> None:
    """Make the file, let another process import it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--bad", type=int, default=500)
    parser.add_argument("--format", choices=["csv", "xlsx"], default="csv")
    parser.add_argument("--sqlite", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"catalogue.{options.format}"
        write(file, options.rows, options.bad)
        variables = {**os.environ, "VAR_DIR": folder}
        if options.sqlite:
            variables["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=variables, check=True)
        engine = "SQLite" if options.sqlite else "PostgreSQL"
        print(
            f"{engine}, {options.format}, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True
        )
        command = [sys.executable, "-c", "from bench.import_products import work; work()", str(file)]
        subprocess.run(command, cwd=ROOT, env=variables, check=True)


def rows(count: int, bad: int) -> "list[list[str]]":
    """The header and its rows; every so many'th has a price that is none."""
    every = count // bad if bad else count + 1
    header = ["store", "product", "name", "description", "category", "sku", "barcode", "options", "price", "cost",
              "on_hand", "reorder_point"]  # fmt: skip
    return [
        header,
        *(
            [
                f"bench-{number % STORES}", f"plato-{number}", f"Plato de talavera {number}",
                "Pintado a mano en Puebla; cada pieza es distinta.", f"bench-{number % CATEGORIES}", f"TAL-{number}",
                "", '{"color": "azul"}', "gratis" if number % every == 0 else f"{number % 900 + 1}.50", "12.00", "20",
                "5",
            ]
            for number in range(1, count + 1)
        ),
    ]  # fmt: skip


def write(file: Path, count: int, bad: int) -> None:
    """The file of that name."""
    if file.suffix == ".csv":
        with file.open("w", newline="") as text:
            csv.writer(text).writerows(rows(count, bad))
        return
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows(count, bad):
        sheet.append(row)
    book.save(file)


def work() -> None:
    """The measured process: read, look at the errors, confirm, write; once more with every price changed."""
    import django  # noqa: PLC0415

    django.setup()

    from stores import facade as stores  # noqa: PLC0415
    from stores.catalog.models import Variant  # noqa: PLC0415
    from stores.contracts import CategoryRow, StoreRow  # noqa: PLC0415
    from stores.importing import services  # noqa: PLC0415
    from stores.importing.work import run_to_end  # noqa: PLC0415
    from users import facade as users  # noqa: PLC0415

    file = Path(sys.argv[1])
    department = users.add_departments({"bench": "Bench"})["bench"]
    stores.add_stores(StoreRow(f"bench-{n}", f"Bench {n}", 19.4, -99.1, "MXN") for n in range(STORES))
    stores.add_categories(CategoryRow(f"bench-{n}", f"Bench {n}", department) for n in range(CATEGORIES))
    print(f"  before                     memory {peak():6.1f} MB", flush=True)
    started = time.perf_counter()
    with file.open("rb") as upload:
        run = services.open_run(file=upload, file_name=file.name, actor_id=None)
    run = run_to_end(run.pk)
    read = time.perf_counter()
    assert not Variant.objects.exists()
    shown(f"read {run.rows_count} rows, {run.error_count} bad", run.rows_count, read - started)
    confirmed = services.confirm_run(run_id=run.pk, actor_id=None)
    wrote = time.perf_counter()
    run = run_to_end(confirmed.pk)
    ended = time.perf_counter()
    assert Variant.objects.count() == run.applied_count == run.rows_count - run.error_count
    shown(f"written {run.applied_count}", run.applied_count, ended - wrote)
    shown("both", run.rows_count, ended - wrote + read - started)


def shown(what: str, count: int, seconds: float) -> None:
    """A line."""
    print(f"  {what:<26} {seconds:6.1f} s {count / seconds:7.0f} rows/s, peak memory {peak():6.1f} MB", flush=True)


def peak() -> float:
    """This process's high-water mark."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0


if __name__ == "__main__":
    sys.exit("run it as: python -m bench import_products")
