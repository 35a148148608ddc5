"""Values that cross the context's border."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Notice:
    """A message in somebody's inbox, in the reader's language. `params`: the ids and values behind the text."""

    notice_id: int
    kind: str
    title: str
    body: str
    is_read: bool
    created_at: datetime
    params: Mapping[str, Any] = field(default_factory=dict)
