"""`manage.py serve` as a person starts it: a process of its own, an empty folder, nothing else running."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from marketplace.settings.env import BASE_DIR

PATIENCE_SECONDS = 60
STOP_SECONDS = 3


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, port: int) -> dict[str, str]:
    """The embedded default, whatever this half of the suite runs on."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "marketplace.settings.local",
        "VAR_DIR": str(folder),
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "memory://localhost/",
    }


def status_of(port: int, path: str) -> int:
    """Status of a GET; 0 while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def wait_for_health(server: subprocess.Popen[str], port: int) -> None:
    """Return once /healthz answers 200."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while status_of(port, "/healthz") != http.HTTPStatus.OK:
        assert server.poll() is None, server.stdout.read() if server.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_serve_answers_and_ends_with_zero_on_a_signal(tmp_path: Path) -> None:
    port = free_port()
    variables = environment(tmp_path, port)
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "--verbosity", "0"], cwd=BASE_DIR, env=variables, check=True)

    server = subprocess.Popen(
        [*manage, "serve"], cwd=BASE_DIR, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    wait_for_health(server, port)
    second = subprocess.run(
        [*manage, "serve"], cwd=BASE_DIR, env=variables, capture_output=True, text=True, check=False
    )
    asked_at = time.monotonic()
    server.send_signal(signal.SIGINT)
    output, _ = server.communicate(timeout=10)

    assert server.returncode == 0, output
    assert time.monotonic() - asked_at < STOP_SECONDS
    assert f"http://localhost:{port}/docs/" in output
    assert "Traceback" not in output
    assert second.returncode == 1
    assert "Choose another" in second.stderr
