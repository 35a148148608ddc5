"""The push service of a machine without an account: what would go out is a line in a file, to look at."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings

from .models import Device
from .ports import Note

SHOWN_DIGITS = 3


class FilePushService:
    """Writes to VAR_DIR/push, a file for each platform; one JSON object a line.

    Only the owner of the process may read them, for codes stand in them; of a number only the end does.
    """

    def __init__(self) -> None:
        self._folder = Path(settings.PUSH_FILE_PATH)

    def prepare(self, device: Device) -> str:
        """Files need no preparation."""
        return f"file:{device.platform}/{device.pk}"

    def push(self, device: Device, note: Note) -> None:
        """A line in the platform's file."""
        shown = {"title": note.title, "body": note.body, "collapse_id": note.collapse_id, **note.data}
        self._write(device.platform, {"device": str(device.pk), **shown})

    def text(self, number: str, words: str) -> None:
        """A line in the file of text messages."""
        self._write(Device.Platform.SMS, {"number": _masked(number), "text": words})

    def remove(self, endpoint: str) -> None:
        """There is nothing to forget."""

    def _write(self, name: str, line: dict[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        # One write of one line at the end: lines of several processes do not mix.
        with open(self._folder / f"{name}.jsonl", "a", encoding="utf-8", opener=_private) as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _masked(number: str) -> str:
    return "*" * (len(number) - SHOWN_DIGITS) + number[-SHOWN_DIGITS:]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
