"""The desk of broadcasts: text and audience with a map, how many that are, a test, steps by state, progress."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from marketplace.core.admin import ServiceAdmin
from marketplace.core.admin_forms import VersionedForm, show_refusal
from marketplace.core.admin_map import MapPicker
from marketplace.core.errors import DomainError
from marketplace.core.formatting import shown_number
from notifications.audiences.reach import Size
from users.facade import Tier

from .models import Broadcast
from .selectors import Progress, broadcast_progress, broadcasts_for_show, size_of_audience
from .services import lifecycle, planning
from .states import OPEN, State
from .terms import CHANNELS, CIRCLE, TEXTS, BroadcastTerms, wrong_terms

CHANGE = "admin:notifications_broadcast_change"
COLOURS = {"draft": "info", "scheduled": "warning", "sending": "primary", "sent": "success", "stopped": "danger"}


class BroadcastForm(VersionedForm):
    """The terms."""

    channels = forms.MultipleChoiceField(
        label=_("Channels besides the inbox"),
        choices=CHANNELS,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    tiers = forms.MultipleChoiceField(
        label=_("Levels"),
        choices=Tier.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None is every level."),
    )

    class Meta:
        model = Broadcast
        fields = ["name", *TEXTS, "segments", *CIRCLE, "active_within_days", "send_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial.update({"tiers": self.instance.tiers, "channels": self.instance.channels})

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not self.errors:
            for error in wrong_terms(BroadcastTerms(**self.terms())):
                self.add_error(error.field, gettext(error.detail))
        return values

    def terms(self) -> dict[str, Any]:
        """The terms as the service takes them."""
        values = self.cleaned_data
        return {
            **{name: values[name] for name in ("name", *TEXTS, *CIRCLE, "active_within_days", "send_at")},
            "segment_ids": frozenset(segment.pk for segment in values["segments"]),
            "tiers": frozenset(values["tiers"]),
            "channels": frozenset(values["channels"]),
        }


@admin.register(Broadcast)
class BroadcastAdmin(MapPicker, ServiceAdmin):
    """For administrators, and groups with Django's permission for broadcasts."""

    form = BroadcastForm
    filter_horizontal = ["segments"]
    list_display = ["name", "shown_state", "send_at", "started_at", "ended_at", "shown_told"]
    list_filter = ["state"]
    search_fields = ["name"]
    ordering = ["-pk"]
    actions_detail = ["send_test", "schedule", "send_now", "stop"]

    class Media:
        js = ["notifications/broadcast.js"]
        css: ClassVar[dict[str, list[str]]] = {"all": ["notifications/broadcast.css"]}

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Broadcast]":
        return broadcasts_for_show().order_by("-pk")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("size/", self.admin_site.admin_view(self.size_view), name="notifications_broadcast_size"),
            path(
                "<uuid:pk>/progress/",
                self.admin_site.admin_view(self.progress_view),
                name="notifications_broadcast_progress",
            ),
        ]
        return [*own, *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Whoever may only look, or looks at what is being sent, reads everything as text."""
        may_change = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        channels, tiers = ("channels", "tiers") if may_change else ("shown_channels", "shown_tiers")
        about = [("state_name", "progress"), ("started_at", "ended_at")] if obj else []
        version = ["expected_version"] if may_change else []
        size = ["audience_size"] if may_change else []
        return [
            (None, {"fields": [*about, "name", "send_at", channels, *version]}),
            (gettext("What it says"), {"fields": [("title_es", "title_en"), ("body_es", "body_en")]}),
            (
                gettext("For whom"),
                {"fields": [*size, "segments", tiers, "active_within_days", "radius_km", "latitude", "longitude"]},
            ),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        shown = ["shown_channels", "shown_tiers", "audience_size"]
        return ["state_name", "progress", "started_at", "ended_at", *shown]

    @display(description=_("state"), ordering="state", label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, broadcast: Broadcast) -> tuple[str, str]:
        """With its colour."""
        return broadcast.state, broadcast.get_state_display()

    @admin.display(description=_("state"))
    def state_name(self, broadcast: Broadcast) -> str:
        """In words: labels have colours in lists only."""
        return broadcast.get_state_display()

    @admin.display(description=_("told"))
    def shown_told(self, broadcast: Broadcast) -> str:
        """How many of how many."""
        return progress_text(_progress_of(broadcast))

    @admin.display(description=_("progress"))
    def progress(self, broadcast: Broadcast) -> str:
        """A bar that follows while it is being sent."""
        found = _progress_of(broadcast)
        if broadcast.state == State.DRAFT:
            return "—"
        bar = format_html(
            '<progress max="100" value="{}" aria-label="{}"></progress>', found.percent, gettext("progress")
        )
        return format_html(
            '<span data-broadcast-progress="{}" data-state="{}">{} <span>{}</span></span>',
            reverse("admin:notifications_broadcast_progress", args=[broadcast.pk]),
            found.state,
            bar,
            progress_text(found),
        )

    @admin.display(description=_("how many"))
    def audience_size(self, _broadcast: Broadcast) -> str:
        """A button that asks for the form as it stands."""
        return format_html(
            '<span data-broadcast-size="{}"><button type="button" class="border border-base-200 font-medium px-3 py-2 '
            'rounded-default dark:border-base-700">{}</button> <output aria-live="polite"></output></span>',
            reverse("admin:notifications_broadcast_size"),
            gettext("Count the audience"),
        )

    @admin.display(description=_("channels besides the inbox"))
    def shown_channels(self, broadcast: Broadcast) -> str:
        """By name."""
        names = dict(CHANNELS)
        return ", ".join(str(names[channel]) for channel in broadcast.channels) or "—"

    @admin.display(description=_("levels"))
    def shown_tiers(self, broadcast: Broadcast) -> str:
        """By name."""
        names = dict(Tier.choices)
        return ", ".join(str(names[tier]) for tier in broadcast.tiers) or gettext("every level")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What is being sent, and what is over, is to be looked at."""
        is_closed = isinstance(obj, Broadcast) and obj.state not in OPEN
        return not is_closed and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts."""
        stays = isinstance(obj, Broadcast) and obj.state != State.DRAFT
        return not stays and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Broadcast, form: BroadcastForm, change: bool) -> None:
        terms = form.terms()
        if change:
            planning.change_broadcast(
                broadcast_id=obj.pk,
                changes=terms,
                actor_id=request.user.pk,
                at=timezone.now(),
                expected_version=form.cleaned_data["expected_version"],
            )
        else:
            obj.pk = planning.create_broadcast(terms=BroadcastTerms(**terms), actor_id=request.user.pk).pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The segments are written."""

    def delete_model(self, request: HttpRequest, obj: Broadcast) -> None:
        planning.delete_broadcast(broadcast_id=obj.pk, actor_id=request.user.pk)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Broadcast]") -> None:
        for broadcast in queryset:
            self.delete_model(request, broadcast)

    def size_view(self, request: HttpRequest) -> HttpResponse:
        """How many the posted form would reach now; what is wrong with it instead, when something is."""
        if request.method != "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        draft = self.get_form(request)(request.POST)
        relevant = {"segments", "tiers", "active_within_days", *CIRCLE}
        draft.is_valid()
        wrong = [text for name, texts in draft.errors.items() if name in relevant for text in texts]
        if wrong:
            return JsonResponse({"text": " ".join(map(str, wrong))})
        values = draft.cleaned_data
        texts: dict[str, Any] = dict.fromkeys(("name", *TEXTS), "-")  # nobody has to have written it yet
        audience = {name: values.get(name) for name in (*CIRCLE, "active_within_days")}
        terms = BroadcastTerms(
            **texts,
            **audience,
            segment_ids=frozenset(segment.pk for segment in values.get("segments") or ()),
            tiers=frozenset(values.get("tiers") or ()),
        )
        faults = wrong_terms(terms)
        text = gettext(faults[0].detail) if faults else size_text(size_of_audience(terms, timezone.now()))
        return JsonResponse({"text": text})

    def progress_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """For the bar."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = broadcast_progress(pk)
        except DomainError as error:
            raise Http404 from error
        return JsonResponse({"state": found.state, "percent": found.percent, "text": progress_text(found)})

    def has_send_test_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """Before it is sent."""
        return self._may_step(request, object_id, OPEN)

    def has_schedule_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """A draft that has a moment."""
        broadcast = self.get_object(request, str(object_id))
        return bool(broadcast and broadcast.send_at) and self._may_step(request, object_id, (State.DRAFT,))

    def has_send_now_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """Before it is sent."""
        return self._may_step(request, object_id, OPEN)

    def has_stop_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One that is scheduled or being sent."""
        return self._may_step(request, object_id, (State.SCHEDULED, State.SENDING))

    @action(  # type: ignore[untyped-decorator]
        description=_("Test to myself"),
        icon="science",
        permissions=["send_test"],
        dialog={
            "title": _("Send a test to yourself"),
            "description": _("As it was saved last: into your own inbox, and over its channels to you alone."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Send the test"),
        },
    )
    def send_test(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """To whoever asks."""
        return self._step(request, object_id, gettext("The test is in your inbox."), lifecycle.send_test)

    @action(  # type: ignore[untyped-decorator]
        description=_("Schedule"),
        icon="schedule",
        permissions=["schedule"],
        dialog={
            "title": _("Schedule the broadcast"),
            "description": _("It is sent at its moment, as it is then."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Schedule"),
        },
    )
    def schedule(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """For its moment."""
        return self._step(request, object_id, gettext("The broadcast is scheduled."), lifecycle.schedule_broadcast)

    @action(  # type: ignore[untyped-decorator]
        description=_("Send now"),
        icon="send",
        permissions=["send_now"],
        dialog={
            "title": _("Send the broadcast now"),
            "description": _("Everybody in its audience is told at once. What was told cannot be taken back."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Send now"),
        },
    )
    def send_now(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """At once."""
        return self._step(request, object_id, gettext("The broadcast is being sent."), lifecycle.send_broadcast)

    @action(  # type: ignore[untyped-decorator]
        description=_("Stop"),
        icon="stop",
        permissions=["stop"],
        dialog={
            "title": _("Stop the broadcast"),
            "description": _("Nobody more is told, for good. Who was told keeps the message."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Stop"),
        },
    )
    def stop(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """For good."""
        return self._step(request, object_id, gettext("The broadcast was stopped."), lifecycle.stop_broadcast)

    def _may_step(self, request: HttpRequest, object_id: str | UUID, states: Any) -> bool:
        broadcast = self.get_object(request, str(object_id))
        return broadcast is not None and broadcast.state in states and super().has_change_permission(request)

    def _step(self, request: HttpRequest, object_id: str, done: str, act: Any) -> HttpResponse:
        try:
            act(broadcast_id=UUID(str(object_id)), actor_id=request.user.pk, at=timezone.now())
            messages.success(request, done)
        except DomainError as error:
            show_refusal(request, error)
        # The dialog is sent by htmx: this header takes the whole page along.
        return HttpResponse(headers={"HX-Redirect": reverse(CHANGE, args=[object_id])})


def _progress_of(broadcast: Any) -> Progress:
    return Progress(broadcast.state, broadcast.told_count or 0, broadcast.expected_count)


def progress_text(progress: Progress) -> str:
    """As people read it."""
    if progress.expected is None or progress.state == State.SENT:
        return shown_number(progress.told)
    return f"{shown_number(progress.told)} / {shown_number(progress.expected)} ({progress.percent} %)"


def size_text(size: Size) -> str:
    """As people read it."""
    template = gettext("People: about %(count)s or more") if size.is_more else gettext("People: %(count)s")
    return template % {"count": shown_number(size.count)}
