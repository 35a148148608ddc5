"""Changes to SQL that is written by hand: one word or sign at a time."""

import re
from collections.abc import Iterator

_IS_SQL = re.compile(r"\b(SELECT|INSERT INTO|DELETE FROM|UPDATE|RETURNING|IS NULL|IS NOT NULL|ORDER BY)\b|<= \(SELECT")

_CHANGES = (
    (re.compile(r"(?<= )<=(?= )"), "<"),
    (re.compile(r"(?<= )<(?= )"), "<="),
    (re.compile(r"(?<= )>=(?= )"), ">"),
    (re.compile(r"(?<= )>(?= )"), ">="),
    # Of equations those that are conditions: in SET and VALUES they are none.
    (re.compile(r"(?<=\bAND )(\w+\.\w+) =(?= )"), r"\1 <>"),
    (re.compile(r"(?<=\bWHERE )(\w+\.\w+) =(?= )"), r"\1 <>"),
    (re.compile(r"\bAND\b"), "OR"),
    (re.compile(r"\bOR\b"), "AND"),
    (re.compile(r"\bIS NULL\b"), "IS NOT NULL"),
    (re.compile(r"\bIS NOT NULL\b"), "IS NULL"),
    (re.compile(r"\bAND NOT\b"), "AND"),
    (re.compile(r"\bOR NOT\b"), "OR"),
    (re.compile(r"(?<!NOT )\bEXISTS\b"), "NOT EXISTS"),
    (re.compile(r"(?<= )\+(?= )"), "-"),
    (re.compile(r"(?<= )-(?= )"), "+"),
    (re.compile(r" DESC\b"), ""),
    (re.compile(r"\bmin\("), "max("),
    (re.compile(r"\bmax\("), "min("),
    (re.compile(r"\bELSE FALSE\b"), "ELSE TRUE"),
    (re.compile(r"\bLEFT JOIN\b"), "JOIN"),
    (re.compile(r"\bORDER BY [^\s)]+ "), ""),
)


def is_sql(text: str) -> bool:
    """Whether a text is (part of) a statement, by its words in capitals."""
    return _IS_SQL.search(text) is not None


def changed_texts(text: str) -> Iterator[str]:
    """The statement with one thing changed, for each thing that can be."""
    for pattern, instead in _CHANGES:
        for match in pattern.finditer(text):
            yield text[: match.start()] + match.expand(instead) + text[match.end() :]
