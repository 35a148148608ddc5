"""Import of a catalogue file: rows a second of reading and of writing, and the process's peak memory.

    python -m bench import_products [--rows 50000] [--bad 500] [--format csv|xlsx] [--sqlite]

The file is made first; a fresh process, as a worker is one, brings it in, confirms it, and measures itself. With
`--sqlite` the catalogue is in a file of its own.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from openpyxl import Workbook

ROOT = Path(__file__).resolve().parent.parent
STORES, CATEGORIES = 20, 40
SETUP = "import django; django.setup(); from bench._import_worker import work; work()"


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
        command = [sys.executable, "-c", SETUP, str(file)]
        subprocess.run(command, cwd=ROOT, env=variables, check=True)


def rows(count: int, bad: int) -> list[list[str]]:
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
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows(count, bad):
        sheet.append(row)
    book.save(file)


if __name__ == "__main__":
    sys.exit("run it as: python -m bench import_products")
