"""Writes of questions: ask, answer, publish, reject."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction

from marketplace.core import audit
from marketplace.core.errors import NotFoundError, StaleError
from marketplace.core.http.etags import compare_and_set
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from stores.catalog.models import Product
from stores.catalog.selectors import public_products
from stores.events import QuestionAnswered, QuestionAsked, QuestionPublished, QuestionRejected

from .errors import (
    ProductQuestionsFullError,
    QuestionNotFoundError,
    QuestionRejectedError,
    QuestionRepeatedError,
    TooManyQuestionsWaitingError,
)
from .filters import find
from .models import Answer, Question
from .texts import ANSWER_LENGTH, QUESTION_LENGTH, REASON_LENGTH, plain_text

ASK_AGAIN_AFTER = timedelta(hours=1)


@transaction.atomic
def ask_question(*, product_id: UUID, asker_id: UUID, text: str, at: datetime) -> Question:
    """Ask about a published product. It waits for a moderator, or is published at once where the filters find nothing
    and the policy says so (QUESTIONS_PUBLISH_CLEAN).

    At most QUESTIONS_WAITING_PER_CUSTOMER and QUESTIONS_WAITING_PER_PRODUCT wait at a time: the person's and the
    product's row are the locks of these counts. Raises `InvalidInputError`, `NotFoundError` for a product that is not
    in the shop, `QuestionRepeatedError`, `TooManyQuestionsWaitingError`, `ProductQuestionsFullError`.
    """
    text = plain_text(text, field="text", longest=QUESTION_LENGTH)
    lock(LockRank.PERSON, get_user_model()._default_manager.filter(pk=asker_id))
    lock(LockRank.CATALOG, Product.objects.filter(pk=product_id))
    product = public_products().select_related("store").filter(pk=product_id).first()
    if product is None:
        raise NotFoundError
    _require_room(product_id, asker_id, text)
    findings = find(text, product.store.language)
    is_published = settings.QUESTIONS_PUBLISH_CLEAN and not findings
    question = Question.objects.create(
        product=product,
        asker_id=asker_id,
        text=text,
        findings=findings,
        state=Question.State.PUBLISHED if is_published else Question.State.WAITING,
        moderated_at=at if is_published else None,
    )
    # The words are the person's: the trail says what was found in them, not what they are.
    facts = {"product": product_id, "state": question.state, "findings": findings}
    audit.record(actor_id=asker_id, action="stores.ask_question", subject=question, after=facts)
    publish(QuestionAsked(question_id=question.pk, product_id=product_id, store_id=product.store_id))
    if is_published:
        publish(QuestionPublished(question_id=question.pk, product_id=product_id))
    return question


def _require_room(product_id: UUID, asker_id: UUID, text: str) -> None:
    own = Question.objects.filter(asker=asker_id)
    if own.filter(product=product_id, text=text).exclude(state=Question.State.REJECTED).exists():
        raise QuestionRepeatedError
    later = int(ASK_AGAIN_AFTER.total_seconds())
    waiting = own.filter(state=Question.State.WAITING).count()
    if waiting >= settings.QUESTIONS_WAITING_PER_CUSTOMER:
        raise TooManyQuestionsWaitingError(waiting=waiting, retry_after=later)
    waiting = Question.objects.filter(product=product_id, state=Question.State.WAITING).count()
    if waiting >= settings.QUESTIONS_WAITING_PER_PRODUCT:
        raise ProductQuestionsFullError(waiting=waiting, retry_after=later)


@transaction.atomic
def answer_question(
    *, question_id: UUID, text: str, expected_version: int | None, actor_id: UUID | None, at: datetime
) -> Question:
    """Give the shop's answer, or word it anew. The first answer publishes a question that waits.

    Only the first answer is an event. Raises `InvalidInputError`, `QuestionNotFoundError`, `QuestionRejectedError`,
    `StaleError`.
    """
    text = plain_text(text, field="text", longest=ANSWER_LENGTH)
    question = _locked(question_id, expected_version)
    if question.state == Question.State.REJECTED:
        raise QuestionRejectedError
    answer = Answer.objects.filter(question=question).first()
    before = {} if answer is None else {"answer": answer.text}
    was_waiting = question.state == Question.State.WAITING
    _move(question, Question.State.PUBLISHED, actor_id=actor_id, at=at)
    if answer is None:
        answer = Answer.objects.create(question=question, author_id=actor_id, text=text)
        publish(QuestionAnswered(question_id=question.pk, product_id=question.product_id))
    else:
        answer.text, answer.author_id = text, actor_id
        answer.save(update_fields=["text", "author", "updated_at"])
    question.answer = answer
    audit.record(
        actor_id=actor_id, action="stores.answer_question", subject=question, before=before, after={"answer": text}
    )
    if was_waiting:
        publish(QuestionPublished(question_id=question.pk, product_id=question.product_id))
    return question


@transaction.atomic
def publish_question(
    *, question_id: UUID, expected_version: int | None, actor_id: UUID | None, at: datetime
) -> Question:
    """Let everybody see a question that waits or was rejected; a published one stays as it is.

    Raises `QuestionNotFoundError`, `StaleError`.
    """
    question = _locked(question_id, expected_version)
    before = {"state": question.state, "rejection_reason": question.rejection_reason}
    _move(question, Question.State.PUBLISHED, actor_id=actor_id, at=at)
    if before["state"] != question.state:
        _record(question, "stores.publish_question", actor_id, before)
        publish(QuestionPublished(question_id=question.pk, product_id=question.product_id))
    return question


@transaction.atomic
def reject_question(
    *, question_id: UUID, reason: str, expected_version: int | None, actor_id: UUID | None, at: datetime
) -> Question:
    """Take a question out of sight, or keep it there, for a reason that its asker reads. Its answer stays with it.

    Raises `InvalidInputError` without a reason, `QuestionNotFoundError`, `StaleError`.
    """
    reason = plain_text(reason, field="reason", longest=REASON_LENGTH)
    question = _locked(question_id, expected_version)
    before = {"state": question.state, "rejection_reason": question.rejection_reason}
    _move(question, Question.State.REJECTED, actor_id=actor_id, at=at, reason=reason)
    if before != {"state": question.state, "rejection_reason": question.rejection_reason}:
        _record(question, "stores.reject_question", actor_id, before)
    if before["state"] != question.state:
        publish(QuestionRejected(question_id=question.pk, product_id=question.product_id))
    return question


@transaction.atomic
def forget_asker(user_id: UUID) -> None:
    """Erasure: what the person asked and answered stays, nobody's any more."""
    Question.objects.filter(asker=user_id).update(asker=None)
    Answer.objects.filter(author=user_id).update(author=None)


def _locked(question_id: UUID, expected_version: int | None) -> Question:
    """The question, as the caller read it: who decides on an older version is told so before anything else."""
    found = lock(LockRank.CATALOG, Question.objects.filter(pk=question_id))
    if not found:
        raise QuestionNotFoundError
    if expected_version not in {None, found[0].version}:
        raise StaleError
    return found[0]


def _move(question: Question, state: str, *, actor_id: UUID | None, at: datetime, reason: str = "") -> None:
    """Set the state and count the version up; a question that stays published keeps the moment it was moderated."""
    values: dict[str, Any] = {"state": state, "rejection_reason": reason}
    if state != question.state or reason != question.rejection_reason:
        values |= {"moderated_at": at, "moderator_id": actor_id}
    compare_and_set(question, question.version, **values)


def _record(question: Question, action: str, actor_id: UUID | None, before: dict[str, str]) -> None:
    after = {"state": question.state, "rejection_reason": question.rejection_reason}
    audit.record(
        actor_id=actor_id,
        action=action,
        subject=question,
        before=before,
        after=after,
        reason=question.rejection_reason,
    )
