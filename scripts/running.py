"""A program of the layout that is started, killed and started again, its output in a file."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from scripts.services import ROOT, Program


class Running:
    """A program in a session of its own; ends with everything it has forked."""

    def __init__(self, program: Program, log: Path) -> None:
        self._program, self._log = program, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Running":
        """Do not wait for anything."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **self._program.settings}
        with (self._log / f"{self._program.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(part) for part in self._program.command],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        return self

    def __enter__(self) -> "Running":
        return self.start()

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Its process, None when it is not running: not started, told to stop, or dead by itself."""
        alive = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process is not None and alive else None

    def kill(self) -> None:
        """SIGKILL to all of it."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """SIGTERM; SIGKILL after ten seconds."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._sweep()

    def _sweep(self) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
