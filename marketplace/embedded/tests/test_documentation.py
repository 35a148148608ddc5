"""The commands of the documentation, word for word, against one embedded shop with the demo town."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from marketplace.settings.env import BASE_DIR
from scripts.docs_blocks import Fate, all_blocks
from scripts.docs_run import carry_out

from .servers import MANAGE, environment, free_port, migrate, start, wait_for_health

# It serves from SQLite, whatever these tests themselves run on.
pytestmark = pytest.mark.once

TOUR = Path("README.md")


@contextmanager
def shop(folder: Path) -> Iterator[dict[str, str]]:
    """What `make run` starts; the environment of its commands. Its own output must be free of tracebacks."""
    variables = environment(folder, free_port())
    # `python3` of the pages is the one that is here: what a version manager puts in front costs each call its start.
    variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{variables['PATH']}"
    migrate(variables)
    subprocess.run([*MANAGE, "prepare"], cwd=BASE_DIR, env=variables, check=True, capture_output=True)
    log = folder / "server.log"
    with log.open("w") as output:
        server = start(variables, output)
        try:
            wait_for_health(server, int(variables["PORT"]))
            yield variables
        finally:
            server.terminate()
            server.wait(timeout=30)
    assert log.read_text().partition("Traceback")[2][:4_000] == ""


def test_every_command_works_as_written(tmp_path: Path, subtests: pytest.Subtests) -> None:
    # The README first: its tour wants a flash promotion of the first minutes.
    pages = {TOUR: "", **{block.page: "" for block in all_blocks() if block.fate is Fate.CARRIED_OUT}}

    with shop(tmp_path) as variables:
        for page in pages:
            with subtests.test(page=str(page)):
                told = carry_out(page, base=f"http://127.0.0.1:{variables['PORT']}", variables=variables)
                pages[page] = told.printed

                assert told.problems == ()

    assert '"state": "completed"' in pages[TOUR]
    assert '"kind": "order_paid"' in pages[TOUR]
