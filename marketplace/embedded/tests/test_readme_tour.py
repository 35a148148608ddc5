"""The README's tour, word for word, on the embedded layout with the demo town."""

import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.settings.env import BASE_DIR

from .servers import MANAGE, environment, free_port, migrate, start, wait_for_health

# It serves from SQLite, whatever these tests themselves run on.
pytestmark = pytest.mark.once


def test_the_tour_works_as_written(tmp_path: Path) -> None:
    port = free_port()
    variables = environment(tmp_path, port)
    migrate(variables)
    subprocess.run([*MANAGE, "prepare"], cwd=BASE_DIR, env=variables, check=True, capture_output=True)

    server = start(variables)
    try:
        wait_for_health(server, port)
        tour = subprocess.run(
            [sys.executable, "scripts/tour.py", f"http://127.0.0.1:{port}"],
            cwd=BASE_DIR,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    finally:
        server.terminate()
        output, _ = server.communicate(timeout=10)

    assert tour.returncode == 0, tour.stdout + tour.stderr
    assert '"state": "completed"' in tour.stdout
    assert '"kind": "order_paid"' in tour.stdout
    assert "Traceback" not in output
