"""Reads of questions."""

from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.core import access
from marketplace.core.clock import platform_day
from marketplace.core.kpis import Kpi
from marketplace.core.names import short_name
from stores.catalog.models import Product
from stores.catalog.selectors import public_products
from stores.contracts import QuestionCard
from stores.merchants.selectors import people_of_store

from .errors import QuestionNotFoundError
from .models import Question

DEPARTMENT_PATH = "product__category__department"
STORE_PATH = "product__store"


def questions() -> QuerySet[Question]:
    """Questions with everything that is shown of them, in one query."""
    return Question.objects.select_related("asker", "answer", "product__store", "product__category")


def questions_within(user: access.Person, key: str) -> QuerySet[Question]:
    """Questions that `key` reaches, by the product's department or store."""
    where = access.reach(user, key)
    return access.within(questions(), where, department_path=DEPARTMENT_PATH, store_path=STORE_PATH)


def question_within(user: access.Person, key: str, question_id: UUID) -> Question:
    """One of them; raises `QuestionNotFoundError`."""
    question = questions_within(user, key).filter(pk=question_id).first()
    if question is None:
        raise QuestionNotFoundError
    return question


def questions_about(product_id: UUID, user: access.Person) -> QuerySet[Question]:
    """What `user` may see of a product's questions.

    Anyone: the published ones; whoever asked also their own that wait; its people (`questions:read`) all, on products
    that are not published too. Raises `QuestionNotFoundError` for a product that does not exist for `user`.
    """
    rows = questions().filter(product=product_id)
    where = access.reach(user, "questions:read")
    mine = access.within(
        Product.objects.filter(pk=product_id, archived_at__isnull=True),
        where,
        department_path="category__department",
        store_path="store",
    )
    if not where.is_empty and mine.exists():
        return rows
    if not public_products().filter(pk=product_id).exists():
        raise QuestionNotFoundError
    own = Q(state=Question.State.WAITING, asker=user.pk) if user.is_authenticated else Q(pk__in=[])
    return rows.filter(Q(state=Question.State.PUBLISHED) | own)


def shown_name(name: str) -> str:
    """How an asker is named to others: first name and an initial, or "customer"; never an address."""
    return short_name(name) or _("customer")


def asker_name(question: Question) -> str:
    """`shown_name` of whoever asked; "customer" once the person is erased."""
    return shown_name("" if question.asker is None else question.asker.name)


def question_card(question_id: UUID) -> QuestionCard:
    """For messages about a question. Raises `QuestionNotFoundError`."""
    question = questions().filter(pk=question_id).first()
    if question is None:
        raise QuestionNotFoundError
    product = question.product
    return QuestionCard(
        question_id=question.pk,
        product_id=product.pk,
        product_name=product.name,
        department_id=product.category.department_id,
        store_people=people_of_store(product.store_id),
        asker_id=question.asker_id,
        asked_on=_day(question),
        is_waiting=question.state == Question.State.WAITING,
        is_published=question.state == Question.State.PUBLISHED,
        is_answered=hasattr(question, "answer"),
        was_moderated=question.moderator_id is not None,
        rejection_reason=question.rejection_reason,
    )


def _day(question: Question) -> date:
    return platform_day(question.created_at)


def waiting_questions_kpi() -> Kpi:
    """How many questions wait for somebody."""
    count = Question.objects.filter(state=Question.State.WAITING).count()
    return Kpi(gettext_lazy("questions waiting"), str(count), "admin:stores_question_changelist")
