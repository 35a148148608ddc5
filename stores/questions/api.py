"""HTTP of questions: of one product for everybody, and the queue of whoever answers."""

from typing import Any, ClassVar, cast
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from marketplace.core.http import fields
from marketplace.core.http.etags import expected_version
from marketplace.core.http.permissions import Anyone, HoldsKey, VerifiedCustomer
from marketplace.core.http.throttling import QuestionRateLimit
from marketplace.core.http.viewsets import ViewSet

from . import selectors, services
from .models import Answer, Question
from .texts import ANSWER_LENGTH, QUESTION_LENGTH, REASON_LENGTH

TAGS = ["market: questions"]
DECISIONS = [("publish", _("publish")), ("reject", _("reject"))]
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag you read; 412 when it is stale."
)
QUESTION: dict[str, Any] = {
    "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e",
    "product": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
    "text": "¿Se puede meter al horno?",
    "state": "published",
    "asked_by": "Ana G.",
    "is_mine": False,
    "answer": {
        "text": "Sí, hasta 200 grados.",
        "created_at": "2026-01-31T12:00:00Z",
        "updated_at": "2026-01-31T12:00:00Z",
    },
    "created_at": "2026-01-31T10:00:00Z",
}
MODERATED: dict[str, Any] = {
    **QUESTION,
    "product_name": "Plato de talavera 27 cm",
    "store": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60",
    "findings": ["link"],
    "rejection_reason": "",
    "moderated_at": "2026-01-31T12:00:00Z",
}
ASKED = {**QUESTION, "state": "waiting", "is_mine": True, "answer": None}
EXAMPLE = OpenApiExample("A question", value=QUESTION, response_only=True)
MODERATED_EXAMPLE = OpenApiExample("A question", value=MODERATED, response_only=True)


class AnswerSerializer(fields.ModelSerializer):
    """What the shop says. Reworded when `updated_at` is later."""

    class Meta:
        model = Answer
        fields = ["text", "created_at", "updated_at"]
        read_only_fields = fields


class QuestionSerializer(fields.ModelSerializer):
    """A question as everybody sees it."""

    asked_by = serializers.SerializerMethodField(help_text=_("First name and an initial, or “customer”."))
    is_mine = serializers.SerializerMethodField(help_text=_("Whether the caller asked it."))
    answer = serializers.SerializerMethodField()

    class Meta:
        model = Question
        fields = ["id", "product", "text", "state", "asked_by", "is_mine", "answer", "created_at"]
        read_only_fields = fields

    def get_asked_by(self, question: Question) -> str:
        return selectors.asker_name(question)

    def get_is_mine(self, question: Question) -> bool:
        user = self.context["request"].user
        return bool(user.is_authenticated and question.asker_id == user.pk)

    @extend_schema_field(AnswerSerializer(allow_null=True))
    def get_answer(self, question: Question) -> dict[str, Any] | None:
        answer = getattr(question, "answer", None)
        return None if answer is None else AnswerSerializer(answer).data


class ModeratedQuestionSerializer(QuestionSerializer):
    """A question as its product's people see it."""

    product_name = fields.CharField(source="product.name", read_only=True)
    store = fields.UUIDField(source="product.store_id", read_only=True)
    findings = serializers.ListField(
        child=fields.CharField(), read_only=True, help_text=_("What the text filters found: link, profanity, …")
    )

    class Meta(QuestionSerializer.Meta):
        fields = [
            *QuestionSerializer.Meta.fields,
            "product_name",
            "store",
            "findings",
            "rejection_reason",
            "moderated_at",
        ]
        read_only_fields = fields


class QuestionInput(serializers.Serializer[None]):
    """A question: plain text."""

    text = fields.CharField(max_length=QUESTION_LENGTH)


class AnswerInput(serializers.Serializer[None]):
    """An answer: plain text."""

    text = fields.CharField(max_length=ANSWER_LENGTH)


class ModerationInput(serializers.Serializer[None]):
    """What is decided. Rejecting needs a reason, which the asker reads."""

    decision = fields.ChoiceField(choices=DECISIONS)
    reason = fields.CharField(max_length=REASON_LENGTH, required=False, allow_blank=True, default="")


class StateFilter(django_filters.FilterSet):
    """Of a product's questions: its people see all states, others only what is theirs to see anyway."""

    state = django_filters.ChoiceFilter(choices=Question.State.choices)

    class Meta:
        model = Question
        fields: ClassVar[list[str]] = []


@extend_schema_field(OpenApiTypes.BOOL)
class FlagFilter(django_filters.TypedChoiceFilter):
    """true or false, nothing else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[("true", "true"), ("false", "false")], coerce=lambda text: text == "true", **kwargs)


class QueueFilter(StateFilter):
    """Of the queue."""

    product = django_filters.UUIDFilter("product_id")
    store = django_filters.UUIDFilter("product__store_id")
    answered = FlagFilter(method="by_answer", label=_("whether there is an answer"))

    def by_answer(self, rows: QuerySet[Question], name: str, value: bool) -> QuerySet[Question]:
        return rows.filter(answer__isnull=not value)


class ProductQuestionViewSet(ViewSet):
    """`market/products/{id}/questions/`."""

    queryset = Question.objects.none()
    serializer_class = QuestionSerializer
    filterset_class = StateFilter

    def get_permissions(self) -> list[BasePermission]:
        return [VerifiedCustomer()] if self.action == "create" else [Anyone()]

    def get_throttles(self) -> list[BaseThrottle]:
        return [QuestionRateLimit()] if self.action == "create" else []

    @extend_schema(
        summary="Questions about a product",
        description="Published ones with their answers, newest first, for anyone. Whoever asked also sees their own "
        "that wait; people whose `questions:read` reaches the product see all, by `state`.",
        tags=TAGS,
        examples=[EXAMPLE],
    )
    def list(self, request: Request, product_id: UUID) -> Response:
        return self.present_page(self.filter_queryset(selectors.questions_about(product_id, request.user)))

    @extend_schema(
        summary="Ask about a product",
        description="For customers with a verified address. Plain text; it usually waits for a moderator. Links and "
        "the like are not refused but shown to the moderator. Refusals: `question_repeated` (409), "
        "`too_many_questions_waiting`, `product_questions_full` (429).",
        tags=TAGS,
        request=QuestionInput,
        responses={201: QuestionSerializer},
        examples=[
            OpenApiExample("Oven", value={"text": QUESTION["text"]}, request_only=True),
            OpenApiExample("It waits", value=ASKED, response_only=True, status_codes=["201"]),
        ],
    )
    def create(self, request: Request, product_id: UUID) -> Response:
        text = self.read(request, serializer=QuestionInput)["text"]
        question = services.ask_question(
            product_id=product_id, asker_id=cast(UUID, request.user.pk), text=text, at=timezone.now()
        )
        return self.present(question, status=201)


@extend_schema(deprecated=True)
class ProductQuestionAliasViewSet(ProductQuestionViewSet):
    """`products/{id}/questions/`: the name of an earlier system, the same routes."""


@extend_schema(tags=TAGS)
class QuestionViewSet(ViewSet):
    """`market/questions/`: the queue of the departments and stores within reach."""

    queryset = Question.objects.none()
    serializer_class = ModeratedQuestionSerializer
    permission_classes = [HoldsKey]
    access_area = "questions"
    lookup_value_converter = "uuid"
    filterset_class = QueueFilter
    uses_etags = True

    @extend_schema(
        summary="The queue of questions",
        description="Of the departments and stores within your `questions:read`, newest first.",
        examples=[MODERATED_EXAMPLE],
    )
    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(selectors.questions_within(request.user, "questions:read")))

    @extend_schema(
        summary="A question of the queue",
        description="With what the text filters found. Elsewhere 404.",
        examples=[MODERATED_EXAMPLE],
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(selectors.question_within(request.user, "questions:read", pk))

    @extend_schema(
        summary="Answer a question",
        description="The first answer publishes a question that waits; later ones reword it. For people whose "
        "`questions:write` reaches the product (elsewhere 404). Refusals: `question_rejected` (409), `stale` (412).",
        parameters=[IF_MATCH],
        request=AnswerInput,
        responses={200: ModeratedQuestionSerializer},
        examples=[
            OpenApiExample("Yes", value={"text": QUESTION["answer"]["text"]}, request_only=True),
            MODERATED_EXAMPLE,
        ],
    )
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: UUID) -> Response:
        question = selectors.question_within(request.user, "questions:write", pk)
        text = self.read(request, serializer=AnswerInput)["text"]
        services.answer_question(question_id=question.pk, text=text, **self._decided_by(request))
        return self.present(selectors.question_within(request.user, "questions:write", pk))

    @extend_schema(
        summary="Publish or reject a question",
        description="Rejecting needs a reason, which the asker reads; either decision can be changed later. For "
        "people whose `questions:write` reaches the product (elsewhere 404). Refusals: `stale` (412).",
        parameters=[IF_MATCH],
        request=ModerationInput,
        responses={200: ModeratedQuestionSerializer},
        examples=[
            OpenApiExample("Reject", value={"decision": "reject", "reason": "No es una pregunta."}, request_only=True),
            MODERATED_EXAMPLE,
        ],
    )
    @action(detail=True, methods=["post"])
    def moderate(self, request: Request, pk: UUID) -> Response:
        question = selectors.question_within(request.user, "questions:write", pk)
        values = self.read(request, serializer=ModerationInput)
        decided = self._decided_by(request)
        if values["decision"] == "publish":
            services.publish_question(question_id=question.pk, **decided)
        else:
            services.reject_question(question_id=question.pk, reason=values["reason"], **decided)
        return self.present(selectors.question_within(request.user, "questions:write", pk))

    def stale_resource(self) -> Question | None:
        return selectors.questions_within(self.request.user, "questions:write").filter(pk=self.kwargs["pk"]).first()

    def _decided_by(self, request: Request) -> dict[str, Any]:
        return {"expected_version": expected_version(request), "actor_id": request.user.pk, "at": timezone.now()}
