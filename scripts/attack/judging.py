"""What must hold of every answer: no defect, no problem of another shape, nothing of another's, nobody let in."""

import json
from collections.abc import Iterator
from typing import Final

from .operations import Operation
from .people import expected, is_house
from .shots import Answer, Shot

PROBLEM: Final = "application/problem+json"
MEMBERS: Final = frozenset({"type", "title", "status", "code", "detail", "errors", "request_id"})
FORGED_HOST: Final = "evil.example"
# What the API answers is a problem document; pages and probes have shapes of their own.
API: Final = ("api/v1/", "market/", "products/")
PAGES: Final = frozenset({"GET api/v1/notifications/unsubscribe/"})
"""What a person opens from a mail is a page, its refusals too."""
_DEFECT: Final = 500
_REFUSED: Final = 400


def troubles(operation: Operation, who: str, shot: Shot, answer: Answer, secrets: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with one answer, as people would say it."""
    if answer.status >= _DEFECT:
        yield f"{answer.status} {answer.trace}".strip()
    elif answer.status >= _REFUSED and operation.path.startswith(API) and operation.name not in PAGES:
        yield from _shape(answer)
    if "Traceback (most recent call last)" in answer.body:
        yield "shows a traceback"
    if FORGED_HOST in answer.body + " ".join(answer.headers.values()) and FORGED_HOST not in shot.url:
        yield "believes a forged host"
    refusal = expected(operation.who, who)
    if refusal and answer.status < _REFUSED:
        yield f"gets in with {answer.status} where {refusal} is due"
    if not is_house(operation.who, who):
        heads = " ".join(answer.headers.values())
        read = [each for each in secrets if each in answer.body or each in heads]
        if read := [each for each in read if not shot.holds(each)]:
            yield f"reads what is the owner's: {', '.join(read)}"


def _shape(answer: Answer) -> Iterator[str]:
    if not answer.content_type.startswith(PROBLEM):
        yield f"{answer.status} is no problem document but {answer.content_type or 'nothing'}"
        return
    try:
        said = json.loads(answer.body)
    except ValueError:
        yield f"{answer.status} is no JSON"
        return
    if not isinstance(said, dict) or MEMBERS - set(said):
        yield f"{answer.status} lacks members of a problem"
    elif said["status"] != answer.status:
        yield f"{answer.status} says that it is {said['status']}"
