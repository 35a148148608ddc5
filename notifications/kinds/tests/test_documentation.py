"""The table in docs/notifications.md is the table of kinds. `WRITE_DOCS=1` writes it anew."""

import os
from collections.abc import Iterator

from django.utils import translation

from marketplace.settings.env import BASE_DIR
from notifications.kinds.channels import Channel
from notifications.kinds.table import KINDS
from notifications.kinds.values import Kind

PAGE = BASE_DIR / "docs" / "notifications.md"
BEGIN, END = "<!-- kinds -->\n", "<!-- /kinds -->"


def table() -> str:
    return "\n".join(lines()) + "\n"


def lines() -> Iterator[str]:
    yield "| kind | about | cause | by itself to | required on | may wait |"
    yield "|---|---|---|---|---|---|"
    with translation.override("en"):
        for kind in sorted(KINDS.values(), key=lambda kind: (kind.is_for_house, kind.code)):
            cause = (
                f"`{kind.cause.event.wire_name}`" if kind.cause else "told by staff, to an audience, or by the calendar"
            )
            by_default = [channel for channel in Channel.values if kind.is_on_by_default(channel)]
            cells = [f"`{kind.code}`", str(kind.name), cause, *map(joined, (by_default, kind.required)), waits(kind)]
            yield "| " + " | ".join(cells) + " |"


def joined(channels) -> str:
    return ", ".join(str(channel) for channel in channels) or "—"


def waits(kind: Kind) -> str:
    return "yes" if kind.may_wait else "—"


def test_documentation_shows_the_table_of_kinds():
    before, _begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    shown, _end, after = rest.partition(END)
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(before + BEGIN + table() + END + after, encoding="utf-8")

    assert shown == table() or os.environ.get("WRITE_DOCS")


def test_whoever_requires_a_channel_has_it_by_default_and_text_messages_come_to_nobody_unasked():
    for kind in KINDS.values():
        assert all(kind.is_on_by_default(channel) for channel in kind.required)
        assert not kind.is_on_by_default(Channel.SMS)
        assert str(kind.name)
