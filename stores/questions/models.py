"""Questions: what customers ask about a product, and what its people answer."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel
from stores.catalog.models import Product


class Question(VersionedModel):
    """A customer's question. Waiting → published or rejected; either can be changed later by who moderates."""

    class State(models.TextChoices):
        """Only what is published is seen by others."""

        WAITING = "waiting", _("waiting")
        PUBLISHED = "published", _("published")
        REJECTED = "rejected", _("rejected")

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="questions", verbose_name=_("product"))
    # Null when the asker was erased: the text stays, nobody's any more.
    asker = models.ForeignKey(
        "users.User", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by")
    )
    text = models.TextField(_("question"), max_length=1_000)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    # What the text filters found, as codes: `link`, `profanity`, …
    findings = models.JSONField(_("findings"), default=list, blank=True, editable=False)
    moderated_at = models.DateTimeField(_("moderated at"), null=True, editable=False)
    moderator_id = models.UUIDField(null=True, editable=False)
    rejection_reason = models.CharField(_("reason for rejecting"), max_length=200, blank=True)

    class Meta:
        app_label = "stores"
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="stores_question_not_empty"),
            models.CheckConstraint(
                condition=Q(state="waiting", moderated_at__isnull=True)
                | (~Q(state="waiting") & Q(moderated_at__isnull=False)),
                name="stores_question_moderated",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(rejection_reason=""), name="stores_question_rejected_why"
            ),
        ]
        indexes = [
            models.Index(fields=["product", "state", "created_at"], name="stores_question_of_product"),
            models.Index(fields=["state", "created_at"], name="stores_question_queue"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Answer(UUIDModel):
    """The shop's answer; one question has one, which can be reworded."""

    question = models.OneToOneField(Question, on_delete=models.CASCADE, related_name="answer")
    author = models.ForeignKey(
        "users.User", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("answered by")
    )
    text = models.TextField(_("answer"), max_length=2_000)

    class Meta:
        app_label = "stores"
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="stores_answer_not_empty")]

    def __str__(self) -> str:
        return self.text[:60]
