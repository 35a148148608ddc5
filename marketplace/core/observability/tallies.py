"""Sums that several processes of one machine add to, each in a file of its own.

Why it is right. A process writes only its own file, through memory that it shares with the kernel: what it has counted
outlives a `kill -9`. It holds a lock on that file for as long as it lives, and the kernel lets go of a lock when its
process ends, so a file whose lock can be had belongs to the dead, whatever process numbers mean in this container.
Sums of the dead are folded into `sums.json`, which also names the files that are in it and is replaced in one step: a
fold that is cut off anywhere counts nothing twice, and nothing is lost. Everything but adding happens under the
folder's lock, one at a time. Sums therefore never fall, and the number of files stays that of the living.

The folder must be on a disk of this machine: each machine has sums of its own, and is asked for them itself.
"""

import contextlib
import fcntl
import json
import logging
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

from prometheus_client.mmap_dict import MmapedDict

logger = logging.getLogger(__name__)

# Set aside before it is mapped: writing to a mapped file on a full disk would end the process. A few thousand series.
FILE_BYTES: Final = 1 << 20
ENDING: Final = ".tally"


class Tallies:
    """What this process adds, and what all processes of the folder have added. Opens nothing before the first sum."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begin()
        # A child has counted nothing: it must not go on in the file of its parent.
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._own: dict[str, float] = {}
        self._file: MmapedDict | None = None
        self._held: int | None = None
        self._is_open = False

    def add(self, *amounts: tuple[str, float]) -> None:
        """Add to series by their names, as one thread at a time. Never raises for want of a disk."""
        with self._lock:
            if not self._is_open:
                self._open()
            for series, amount in amounts:
                value = self._own[series] = self._own.get(series, 0.0) + amount
                if self._file is not None:
                    self._file.write_value(series, value, 0.0)  # type: ignore[no-untyped-call]

    def totals(self) -> dict[str, float]:
        """Every series of every process that ever counted here; without a folder to write to, this process's alone."""
        try:
            with _alone(self._folder):
                totals = _fold(self._folder)
        except OSError:
            logger.warning("sums of other processes cannot be read", exc_info=True)
            totals = {}
        if self._file is None:
            _merge(totals, dict(self._own))
        return totals

    def _open(self) -> None:
        self._is_open = True
        path = self._folder / f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:12]}{ENDING}"
        try:
            with _alone(self._folder):
                _fold(self._folder)
                self._held = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
                fcntl.flock(self._held, fcntl.LOCK_EX)
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(self._held, 0, FILE_BYTES)
                self._file = MmapedDict(str(path))  # type: ignore[no-untyped-call]
        except OSError:
            logger.warning("counting for this process alone: the folder cannot be written", exc_info=True)
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fold(folder: Path) -> dict[str, float]:
    """Totals of the folder; on the way the dead's files become part of `sums.json`."""
    folded, sums = _read_sums(folder)
    dead, living = list[Path](), dict[str, float]()
    for path in sorted(folder.glob(f"*{ENDING}")):
        if path.name in folded:
            path.unlink()  # the fold before was cut off here
        elif _is_dead(path):  # asked before it is read: afterwards nobody adds to it
            _merge(sums, _read(path))
            dead.append(path)
        else:
            _merge(living, _read(path))
    if dead:
        _write_sums(folder, [path.name for path in dead], sums)
        for path in dead:
            path.unlink()
    _merge(sums, living)
    return sums


def _is_dead(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, float]:
    try:
        values = MmapedDict.read_all_values_from_file(str(path))  # type: ignore[no-untyped-call]
        return {series: value for series, value, _moment, _position in values}
    except (RuntimeError, UnicodeDecodeError, struct.error):
        logger.warning("a file of sums cannot be read", extra={"file": path.name})
        return {}


def _read_sums(folder: Path) -> tuple[set[str], dict[str, float]]:
    try:
        content = json.loads((folder / "sums.json").read_text())
        return set(content["files"]), {str(series): float(value) for series, value in content["sums"].items()}
    except FileNotFoundError:
        return set(), {}
    except (ValueError, KeyError, TypeError, AttributeError):
        logger.warning("sums.json cannot be read: counting begins anew")
        return set(), {}


def _write_sums(folder: Path, files: list[str], sums: dict[str, float]) -> None:
    fresh = folder / "sums.json.new"
    fresh.write_text(json.dumps({"files": files, "sums": sums}))
    fresh.replace(folder / "sums.json")


def _merge(into: dict[str, float], values: dict[str, float]) -> None:
    for series, value in values.items():
        into[series] = into.get(series, 0.0) + value
