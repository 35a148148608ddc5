"""The moderation queue: what waits comes first; answering, publishing and rejecting go through the services."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from marketplace.core.admin import ScopedAdmin, ServiceAdmin
from marketplace.core.admin_forms import VersionedForm

from . import selectors, services
from .filters import LABELS
from .models import Question
from .texts import ANSWER_LENGTH, REASON_LENGTH

STATE_COLOURS = {"waiting": "warning", "published": "success", "rejected": "danger"}


class QuestionForm(VersionedForm):
    """The answer to a question."""

    answer_text = forms.CharField(
        label=_("answer"),
        max_length=ANSWER_LENGTH,
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text=_("The first answer publishes the question."),
    )

    class Meta:
        model = Question
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answer = getattr(self.instance, "answer", None)
        if answer is not None and "answer_text" in self.fields:
            self.fields["answer_text"].initial = answer.text

    def clean_answer_text(self) -> str:
        """An answer can be worded anew, not taken back."""
        text: str = self.cleaned_data["answer_text"]
        if not text and getattr(self.instance, "answer", None) is not None:
            raise forms.ValidationError(gettext("An answer can be worded anew, not taken back."), code="required")
        return text


class ModerationForm(ActionForm):
    """The reason beside the choice of an action."""

    reason = forms.CharField(
        label=_("reason for rejecting"), max_length=REASON_LENGTH, required=False, widget=UnfoldAdminTextInputWidget
    )


class AnsweredFilter(admin.SimpleListFilter):
    """By whether there is an answer."""

    title = _("answered")
    parameter_name = "answered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("yes")), ("no", _("no"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Question]) -> QuerySet[Question]:
        known = {"yes": False, "no": True}
        value = str(self.value())
        return queryset.filter(answer__isnull=known[value]) if value in known else queryset


class FindingsFilter(admin.SimpleListFilter):
    """By whether the text filters found something."""

    title = _("findings")
    parameter_name = "findings"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("something was found")), ("no", _("nothing was found"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Question]) -> QuerySet[Question]:
        match self.value():
            case "yes":
                return queryset.exclude(findings=[])
            case "no":
                return queryset.filter(findings=[])
        return queryset


@admin.register(Question)
class QuestionAdmin(ServiceAdmin, ScopedAdmin):
    """Questions about products of the departments and stores within reach."""

    access_area = "questions"
    department_path = selectors.DEPARTMENT_PATH
    store_path = selectors.STORE_PATH
    form = QuestionForm
    action_form = ModerationForm
    refusal_fields = {"text": "answer_text"}
    list_display = ["text_start", "product", "asked_by", "shown_state", "shown_findings", "is_answered", "created_at"]
    list_filter = ["state", AnsweredFilter, FindingsFilter, "product__category__department", "product__store"]
    search_fields = ["text", "product__name", "answer__text"]
    # The states' names happen to sort so that `waiting` comes first, the longest waiting of them on top.
    ordering = ["-state", "created_at"]
    actions = ["publish", "reject"]
    readonly_fields = [
        "product",
        "text",
        "asked_by",
        "state",
        "shown_findings",
        "rejection_reason",
        "moderated_at",
        "created_at",
    ]
    fieldsets = [
        (None, {"fields": ["expected_version", "product", "text", "asked_by", "created_at"]}),
        (_("Moderation"), {"fields": ["state", "shown_findings", "rejection_reason", "moderated_at"]}),
        (_("Answer"), {"fields": ["answer_text"]}),
    ]

    @admin.display(description=_("question"), ordering="text")
    def text_start(self, question: Question) -> str:
        """Enough to know it by."""
        return question.text if len(question.text) <= 80 else f"{question.text[:79]}…"

    @admin.display(description=_("asked by"))
    def asked_by(self, question: Question) -> str:
        """As everybody sees it."""
        return selectors.asker_name(question)

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, question: Question) -> tuple[str, str]:
        """With its colour."""
        return question.state, question.get_state_display()

    @admin.display(description=_("findings"))
    def shown_findings(self, question: Question) -> str:
        """What the text filters found, in words."""
        return ", ".join(str(LABELS.get(code, code)) for code in question.findings) or "—"

    @admin.display(description=_("answered"), boolean=True)
    def is_answered(self, question: Question) -> bool:
        """Whether there is an answer."""
        return getattr(question, "answer", None) is not None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        return selectors.questions_within(request.user, "questions:read")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Whoever may only look reads the answer as text."""
        if self.has_change_permission(request, obj):
            return self.fieldsets
        (_none, about), moderation, _answer = self.fieldsets
        shown = [name for name in about["fields"] if name != "expected_version"]
        return [(None, {"fields": shown}), moderation, (gettext("Answer"), {"fields": ["shown_answer"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*self.readonly_fields, "shown_answer"]

    @admin.display(description=_("answer"))
    def shown_answer(self, question: Question) -> str:
        """The shop's words."""
        answer = getattr(question, "answer", None)
        return "—" if answer is None else answer.text

    def save_model(self, request: HttpRequest, obj: Question, form: QuestionForm, change: bool) -> None:
        if "answer_text" in form.changed_data:
            services.answer_question(
                question_id=obj.pk,
                text=form.cleaned_data["answer_text"],
                expected_version=form.cleaned_data["expected_version"],
                actor_id=request.user.pk,
                at=timezone.now(),
            )

    @admin.action(description=_("Publish"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Question]) -> None:
        """Everybody may see them."""
        self._decide(request, queryset, services.publish_question)

    @admin.action(description=_("Reject, for the reason beside"), permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Question]) -> None:
        """The asker reads the reason."""
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, gettext("Write the reason for rejecting beside the action."), messages.ERROR)
            return
        self._decide(request, queryset, services.reject_question, reason=reason)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Question], service: Callable[..., Question], **values: str
    ) -> None:
        # Reading reaches further than writing: what is only to be looked at is left alone.
        mine = selectors.questions_within(request.user, "questions:write").filter(pk__in=queryset.values("pk"))
        at = timezone.now()
        self.each(
            request,
            mine,
            lambda question: service(
                question_id=question.pk, expected_version=None, actor_id=request.user.pk, at=at, **values
            ),
        )
