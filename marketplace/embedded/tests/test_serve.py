"""`manage.py serve` as a person starts it: a process of its own, an empty folder, nothing else running."""

import signal
import subprocess
from pathlib import Path

import pytest

from marketplace.settings.env import BASE_DIR

from .servers import MANAGE, environment, free_port, migrate, start, wait_for_health

# It serves from SQLite, whatever these tests themselves run on.
pytestmark = pytest.mark.once


def test_serve_answers_and_ends_with_zero_on_a_signal(tmp_path: Path) -> None:
    port = free_port()
    variables = environment(tmp_path, port)
    migrate(variables)

    server = start(variables)
    wait_for_health(server, port)
    second = subprocess.run(
        [*MANAGE, "serve"], cwd=BASE_DIR, env=variables, capture_output=True, text=True, check=False
    )
    server.send_signal(signal.SIGINT)
    output, _ = server.communicate(timeout=10)

    assert server.returncode == 0, output
    assert f"http://localhost:{port}/docs/" in output
    assert "Traceback" not in output
    assert second.returncode == 1
    assert "Choose another" in second.stderr
