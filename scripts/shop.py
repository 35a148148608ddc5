"""A shop of the embedded layout in a folder of its own, spoken to over HTTP. For scripts that act as people do."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MANAGE = [sys.executable, "manage.py"]
PATIENCE = 60.0


class Shop:
    """The embedded layout in a temporary folder; can be killed and started again."""

    def __init__(self, folder: str, **variables: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._variables = {
            **os.environ, "DJANGO_SETTINGS_MODULE": "marketplace.settings.local", "VAR_DIR": folder,
            "PORT": str(self.port), "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "REDIS_URL": "",
            "CELERY_BROKER_URL": "memory://localhost/", "LOG_LEVEL": "ERROR", **variables,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> int:
        """Run a management command on the shop's database."""
        return subprocess.run([*MANAGE, *arguments], cwd=ROOT, env=self._variables, check=False).returncode

    def start(self, log: Path | None = None, *, patience: float = PATIENCE) -> None:
        """Serve, and wait until it answers, at most so many seconds. `log`: where its log goes; else to our errors."""
        with (log or Path(os.devnull)).open("wb") as file:
            errors = file if log else None
            self._process = subprocess.Popen(
                [*MANAGE, "serve"], cwd=ROOT, env=self._variables, stdout=subprocess.DEVNULL, stderr=errors
            )
        deadline = time.monotonic() + patience
        while self.ask("/healthz")[0] != 200:
            if time.monotonic() > deadline:
                raise SystemExit("the server did not come up")
            time.sleep(0.1)

    def end(self, number: signal.Signals) -> None:
        """Send the signal and wait for the end."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """One request, POST when there is a body; status 0 when nobody answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")
        except (OSError, ValueError):
            return 0, None

    def bearer(self, email: str, password: str) -> str:
        """Log in; the Authorization header."""
        status, tokens = self.ask("/api/v1/auth/token/", {"email": email, "password": password})
        if status != 200:
            raise SystemExit(f"{email} cannot log in: {status} {tokens}")
        return f"Bearer {tokens['access']}"
