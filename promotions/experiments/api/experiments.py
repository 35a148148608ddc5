"""`admin/experiments/`: experiments as the house runs them."""

from collections.abc import Sequence
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.etags import expected_version
from marketplace.core.http.viewsets import ViewSet
from promotions.experiments import selectors
from promotions.experiments.models import Experiment
from promotions.experiments.permissions import RunsExperiments
from promotions.experiments.report import experiment_report
from promotions.experiments.services import lifecycle, planning
from promotions.experiments.terms import ExperimentTerms

from .examples import DRAFT, END, PICK, REPORT, RESPONSE, STOPPED, TERMS
from .serializers import ExperimentReportSerializer, ExperimentSerializer, ExperimentTermsSerializer, PickSerializer

WHO = "For people of the house with the permission for experiments, and whoever holds `promotions:write` everywhere."


class ExperimentFilter(django_filters.FilterSet):
    """By state and knob."""

    state = django_filters.ChoiceFilter(choices=Experiment.State.choices)
    knob = django_filters.ChoiceFilter(choices=Experiment.Knob.choices)

    class Meta:
        model = Experiment
        fields: Sequence[str] = []


@extend_schema(tags=["experiments"])
@extend_schema_view(
    list=extend_schema(summary="List experiments", description=f"Newest first. {WHO}", examples=[RESPONSE]),
    retrieve=extend_schema(
        summary="One experiment", description=f"With its variants; the ETag is its version. {WHO}", examples=[RESPONSE]
    ),
    create=extend_schema(
        summary="Make an experiment",
        description=f"A draft; `start` starts it. {WHO} Refusals: 400 with every wrong field, 409 "
        "`experiment_key_taken`.",
        request=ExperimentTermsSerializer,
        responses={201: ExperimentSerializer},
        examples=[TERMS, DRAFT],
    ),
    partial_update=extend_schema(
        summary="Change a draft",
        description="Only what is given; `variants` replace the variants before them. 409 `experiment_state` once it "
        "has started: what was promised then stays. 412 when `If-Match` is stale.",
        request=ExperimentTermsSerializer,
        responses={200: ExperimentSerializer},
        examples=[END, DRAFT],
    ),
    destroy=extend_schema(
        summary="Remove a draft",
        description="Otherwise 409 `experiment_state`: what was found out stays, liked or not.",
        responses={204: None},
    ),
)
class ExperimentViewSet(ViewSet):
    """Experiments."""

    permission_classes = [RunsExperiments]
    serializer_class = ExperimentSerializer
    filterset_class = ExperimentFilter
    uses_etags = True
    lookup_value_converter = "uuid"
    queryset = Experiment.objects.none()

    def get_queryset(self) -> "QuerySet[Experiment]":
        return selectors.experiments_for_show()

    def list(self, request: Request) -> Response:
        """One page."""
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One experiment."""
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    def create(self, request: Request) -> Response:
        """201."""
        terms = ExperimentTerms(**self.read(request, serializer=ExperimentTermsSerializer))
        experiment = planning.create_experiment(terms=terms, actor_id=request.user.pk)
        return self._shown(experiment.pk, status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """200."""
        planning.change_experiment(
            experiment_id=pk,
            changes=self.read(request, partial=True, serializer=ExperimentTermsSerializer),
            actor_id=request.user.pk,
            expected_version=expected_version(request),
        )
        return self._shown(pk)

    def destroy(self, request: Request, pk: UUID) -> Response:
        """204."""
        version = expected_version(request)
        planning.delete_experiment(experiment_id=pk, actor_id=request.user.pk, expected_version=version)
        return Response(status=204)

    @extend_schema(
        summary="Start an experiment",
        description="A draft with two variants or more, one of them what is done today, whose shares sum up to 10,000. "
        "From then on nothing of it changes. Twice is the same as once. 400 with what it lacks, 409 `knob_taken` while "
        "another varies the same, 409 `experiment_state` when it is stopped.",
        request=None,
        responses={200: ExperimentSerializer},
        examples=[RESPONSE],
    )
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: UUID) -> Response:
        """200."""
        lifecycle.start_experiment(
            experiment_id=pk, actor_id=request.user.pk, at=timezone.now(), expected_version=expected_version(request)
        )
        return self._shown(pk)

    @extend_schema(
        summary="Stop an experiment",
        description="For good. At its planned end it stops by itself. Twice is the same as once; 409 "
        "`experiment_state` for a draft.",
        request=None,
        responses={200: ExperimentSerializer},
        examples=[STOPPED],
    )
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: UUID) -> Response:
        """200."""
        lifecycle.stop_experiment(
            experiment_id=pk, actor_id=request.user.pk, at=timezone.now(), expected_version=expected_version(request)
        )
        return self._shown(pk)

    @extend_schema(
        summary="Pick the winner",
        description="The variant's value is what everybody gets from now on: a new scoring policy, its other numbers "
        "as they are. The same variant again changes nothing. 409 `experiment_state` unless stopped, `winner_picked` "
        "after another one, `experiment_unreadable` where the sample ratio check failed and the variant is not what "
        "is done today; 404 for another experiment's variant.",
        request=PickSerializer,
        responses={200: ExperimentSerializer},
        examples=[PICK, STOPPED],
    )
    @action(detail=True, methods=["post"])
    def pick(self, request: Request, pk: UUID) -> Response:
        """200."""
        lifecycle.pick_winner(
            experiment_id=pk,
            variant_id=self.read(request, serializer=PickSerializer)["variant"],
            actor_id=request.user.pk,
            expected_version=expected_version(request),
        )
        return self._shown(pk)

    @extend_schema(
        summary="What came of it",
        description="Read `is_readable` first: false means that the sample ratio check failed, and `comparisons` is "
        "empty. `verdict` goes by the interval of `basis`: the fixed horizon's only where the experiment ran to the "
        "end that was set before its start. `docs/experiments.md` has the formulas.",
        responses={200: ExperimentReportSerializer},
        examples=[REPORT],
        filters=False,
    )
    @action(detail=True, uses_etags=False)
    def report(self, request: Request, pk: UUID) -> Response:
        """As of now."""
        experiment = get_object_or_404(self.get_queryset(), pk=pk)
        return self.present(experiment_report(experiment, at=timezone.now()), serializer=ExperimentReportSerializer)

    def _shown(self, pk: UUID, *, status: int = 200) -> Response:
        return self.present(self.get_queryset().get(pk=pk), status=status)
