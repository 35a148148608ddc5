"""Experiments in the back office: drafts with their variants, steps by state, and the report page."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget

from marketplace.core.admin import ServiceAdmin
from marketplace.core.admin_forms import ScopedInline, VersionedForm, show_refusal
from marketplace.core.errors import DomainError

from .models import Experiment, ExperimentVariant
from .report import settles_at
from .selectors import experiments_for_show
from .services import lifecycle, planning
from .showing import shown_report
from .terms import ExperimentTerms, VariantTerms

CHANGE = "admin:promotions_experiment_change"
FIGURES = "admin:promotions_experiment_figures"
COLOURS = {"draft": "info", "running": "success", "stopped": "danger"}
State = Experiment.State
_TERMS = ("key", "name", "hypothesis", "knob", "decided_by", "inclusion_bp", "ends_at")


class ExperimentForm(VersionedForm):
    """The terms; variants are rows below."""

    class Meta:
        model = Experiment
        fields = [*_TERMS]

    def terms(self) -> dict[str, Any]:
        """As the service takes them."""
        return {name: self.cleaned_data[name] for name in _TERMS}


class PickForm(BaseDialogForm):
    """Which variant wins."""

    variant = forms.ChoiceField(label=_("Winner"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = ExperimentVariant.objects.filter(experiment=self.object_id).order_by("-is_control", "pk")
        self.fields["variant"].choices = [(str(row.pk), f"{row.key}: {row.value:g}") for row in rows]


class VariantInline(ScopedInline):
    """The ways."""

    model = ExperimentVariant
    fields = ["key", "value", "share_bp", "is_control"]
    ordering = ["-is_control", "pk"]


@admin.register(Experiment)
class ExperimentAdmin(ServiceAdmin):
    """Experiments are the house's: for administrators, and groups with Django's permission for them."""

    form = ExperimentForm
    inlines = [VariantInline]
    list_display = ["name", "shown_state", "knob", "decided_by", "started_at", "ends_at", "stopped_at", "picked"]
    list_filter = ["state", "knob"]
    search_fields = ["name", "key"]
    list_select_related = ["picked"]
    ordering = ["-pk"]
    actions_detail = ["report", "start", "stop", "pick"]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What stands fast from the start on is said beside it."""
        about = [("state_name", "picked"), ("started_at", "stopped_at")] if obj else []
        version = ["expected_version"] if obj is None or self.has_change_permission(request, obj) else []
        return [
            (None, {"fields": [*about, "name", "key", "hypothesis", *version]}),
            (
                gettext("What is varied, and what decides"),
                {
                    "fields": ["knob", "decided_by", "inclusion_bp", "ends_at"],
                    "description": gettext(
                        "Once started, nothing of it changes. Without a planned end, verdicts go by the wider interval."
                    ),
                },
            ),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["state_name", "picked", "started_at", "stopped_at"]

    @display(description=_("state"), ordering="state", label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, experiment: Experiment) -> tuple[str, str]:
        """With its colour."""
        return experiment.state, experiment.get_state_display()

    @admin.display(description=_("state"))
    def state_name(self, experiment: Experiment) -> str:
        """In words: labels have colours in lists only."""
        return experiment.get_state_display()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has started is to be looked at."""
        has_started = isinstance(obj, Experiment) and obj.state != State.DRAFT
        return not has_started and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        has_started = isinstance(obj, Experiment) and obj.state != State.DRAFT
        return not has_started and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Experiment, form: ExperimentForm, change: bool) -> None:
        terms, actor_id = form.terms(), request.user.pk
        if change:
            version = form.cleaned_data["expected_version"]
            planning.change_experiment(experiment_id=obj.pk, changes=terms, actor_id=actor_id, expected_version=version)
        else:
            obj.pk = planning.create_experiment(terms=ExperimentTerms(**terms), actor_id=actor_id).pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Variants go through the service, all at once."""
        for formset in formsets:
            formset.save(commit=False)
            if formset.has_changed():
                self._save_variants(request, form.instance, formset)

    def _save_variants(
        self, request: HttpRequest, experiment: Experiment, formset: "BaseInlineFormSet[Any, Any, Any]"
    ) -> None:
        rows = [row.cleaned_data for row in formset.forms if row.cleaned_data.get("key")]
        variants = tuple(
            VariantTerms(row["key"], row["value"], row["share_bp"], row["is_control"])
            for row in rows
            if not row.get("DELETE")
        )
        planning.change_experiment(
            experiment_id=experiment.pk, changes={"variants": variants}, actor_id=request.user.pk
        )

    def delete_model(self, request: HttpRequest, obj: Experiment) -> None:
        planning.delete_experiment(experiment_id=obj.pk, actor_id=request.user.pk)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Experiment]") -> None:
        for experiment in queryset:
            self.delete_model(request, experiment)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[str, int], set[Any], Any]:
        """Variants go with their experiment; nobody needs to be asked about each."""
        return [str(experiment) for experiment in objs], {}, set(), []

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.report_page)
        return [path("<uuid:object_id>/figures/", page, name="promotions_experiment_figures"), *super().get_urls()]

    @action(description=_("Report"), icon="query_stats", permissions=["view"])  # type: ignore[untyped-decorator]
    def report(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To the page."""
        return redirect(FIGURES, object_id)

    def report_page(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Table and chart, or why there is nothing to read."""
        experiment = experiments_for_show().filter(pk=object_id).first()
        if request.method != "GET" or not self.has_view_permission(request, experiment):
            raise PermissionDenied
        if experiment is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))
            return missing
        context = {
            **self.admin_site.each_context(request),
            **shown_report(experiment, at=timezone.now()),
            "title": gettext("What came of “%(name)s”") % {"name": experiment.name},
            "opts": self.opts,
            "experiment": experiment,
            "settles_at": settles_at(experiment),
        }
        return TemplateResponse(request, "admin/promotions/experiment_report.html", context)

    def has_start_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """A draft."""
        return self._may_step(request, object_id, State.DRAFT)

    def has_stop_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One that runs."""
        return self._may_step(request, object_id, State.RUNNING)

    def has_pick_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One that is stopped and has no winner."""
        experiment = self.get_object(request, str(object_id))
        return self._may_step(request, object_id, State.STOPPED) and getattr(experiment, "picked_id", None) is None

    @action(  # type: ignore[untyped-decorator]
        description=_("Start"),
        icon="play_arrow",
        permissions=["start"],
        dialog={
            "title": _("Start the experiment"),
            "description": _("From now on nothing of it changes: variants, shares, planned end, what decides."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Start"),
        },
    )
    def start(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Running."""
        at = timezone.now()
        return self._step(request, object_id, gettext("The experiment was started."), lifecycle.start_experiment, at=at)

    @action(  # type: ignore[untyped-decorator]
        description=_("Stop"),
        icon="stop",
        permissions=["stop"],
        dialog={
            "title": _("Stop the experiment"),
            "description": _("For good. Before its planned end, verdicts go by the wider interval."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Stop"),
        },
    )
    def stop(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Over."""
        at = timezone.now()
        return self._step(request, object_id, gettext("The experiment was stopped."), lifecycle.stop_experiment, at=at)

    @action(  # type: ignore[untyped-decorator]
        description=_("Pick the winner"),
        icon="trophy",
        permissions=["pick"],
        dialog={
            "title": _("Pick the winner"),
            "description": _("Its value is what everybody gets from now on: a new scoring policy."),
            "form_class": PickForm,
            "form_submit_text": _("Pick"),
        },
    )
    def pick(self, request: HttpRequest, form: PickForm, object_id: str) -> HttpResponse:
        """Its value is in force."""
        variant_id = UUID(form.cleaned_data["variant"])
        return self._step(
            request, object_id, gettext("The winner was picked."), lifecycle.pick_winner, variant_id=variant_id
        )

    def _may_step(self, request: HttpRequest, object_id: str | UUID, state: str) -> bool:
        experiment = self.get_object(request, str(object_id))
        return experiment is not None and experiment.state == state and super().has_change_permission(request)

    def _step(self, request: HttpRequest, object_id: str, done: str, act: Any, **values: Any) -> HttpResponse:
        try:
            act(experiment_id=UUID(str(object_id)), actor_id=request.user.pk, **values)
            messages.success(request, done)
        except DomainError as error:
            show_refusal(request, error)
        # The dialog is sent by htmx: this header takes the whole page along.
        return HttpResponse(headers={"HX-Redirect": reverse(CHANGE, args=[object_id])})
