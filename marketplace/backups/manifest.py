"""What lies in a backup's folder, and what must be true of it after it is restored."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

FILE: Final = "manifest.json"
FORMAT: Final = 1
_PIECE: Final = 1 << 20


class BackupError(Exception):
    """It cannot be made or restored; the text says why, for whoever runs the command."""


@dataclass(frozen=True, slots=True)
class Balance:
    """A line of the trial balance: what accounts of a kind hold together, in minor units."""

    currency: str
    kind: str
    accounts: int
    minor: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Written last: a folder without one is no backup. `files` has the SHA-256 of each, by its name."""

    made_at: str
    engine: str
    files: dict[str, str]
    books: tuple[Balance, ...]
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        """Into the folder."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Of that folder, with every file looked at. Raises `BackupError` for whatever is not as it was written."""
        try:
            said = json.loads((folder / FILE).read_text())
        except (OSError, ValueError) as error:
            raise BackupError(f"{folder} holds no finished backup: {error}") from error
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise BackupError(f"{folder / FILE} is of another format than {FORMAT}")
        try:
            found = cls(**{**said, "books": tuple(Balance(**line) for line in said["books"])})
        except (KeyError, TypeError) as error:
            raise BackupError(f"{folder / FILE} cannot be read: {error}") from error
        for name, digest in found.files.items():
            path = folder / name
            if not path.is_file() or digest_of(path) != digest:
                raise BackupError(f"{path} is missing, or not what was backed up")
        return found


def digest_of(path: Path) -> str:
    """SHA-256, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
