"""A map in admin forms to pick a place on: our own drawing, no tiles, no third party; two number fields without
JavaScript.

`MapPicker` is mixed into the ModelAdmin of a model with `latitude` and `longitude`. Contexts add what else the map
shows in their app's `ready()`. MAP_TILES_URL puts pictures of a tile server behind the drawing; the browser then asks
that server, so it is empty unless somebody decides otherwise.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Model
from django.forms import Media
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget

MOST_POINTS = 2_000


@dataclass(frozen=True, slots=True)
class MapPoint:
    """Something that is shown for orientation. `key` tells the form's own object from the others."""

    key: str
    latitude: float
    longitude: float
    label: str


Source = Callable[[int], Iterable[MapPoint]]
"""Gives so many points at most. What it gives is for everybody who may open a form with a map."""

_sources: list[Source] = []


def add_points(source: Source) -> None:
    """Called in `ready()`."""
    if source not in _sources:
        _sources.append(source)


def map_points(*, without: str = "") -> list[MapPoint]:
    """What the map shows, without the object that is edited."""
    found = [point for source in _sources for point in source(MOST_POINTS)]
    return [point for point in found if point.key != without][:MOST_POINTS]


class MapPickerWidget(UnfoldAdminDecimalFieldWidget):
    """The longitude's number field with the map below it; the latitude's field stays an ordinary one."""

    template_name = "core/map_picker.html"

    def __init__(self, points: Iterable[MapPoint] = (), latitude_name: str = "latitude") -> None:
        super().__init__()
        self.points = list(points)
        self.latitude_name = latitude_name

    @property
    def media(self) -> Media:
        """The drawing; no script stands in the page itself."""
        return Media(js=["core/map_picker.js"], css={"all": ["core/map_picker.css"]})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["map"] = {
            "latitude": self.latitude_name,
            "longitude": name,
            "points": [asdict(point) for point in self.points],
            "tiles": settings.MAP_TILES_URL,
            "attribution": settings.MAP_TILES_ATTRIBUTION if settings.MAP_TILES_URL else "",
            "words": map_words(),
        }
        context |= {"map_id": f"map-of-{name}", "map_data_id": f"map-of-{name}-data"}
        return context


class MapPicker:
    """Mix into a ModelAdmin: a map below the field `longitude`."""

    map_fields: ClassVar[tuple[str, str]] = ("latitude", "longitude")

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)  # type: ignore[misc]
        latitude, longitude = self.map_fields
        field = form.base_fields.get(longitude)
        if field is not None and latitude in form.base_fields:
            points = map_points(without="" if obj is None else str(obj.pk))
            # Attributes (limits, step) were put on the widget that the field was made with.
            attrs = field.widget.attrs
            field.widget = MapPickerWidget(points, latitude)
            field.widget.attrs |= attrs
        return form


def map_words() -> dict[str, str]:
    """What the drawing says, in the reader's language."""
    return {
        "map": _("Map: click or drag to set the place"),
        "help": _("Arrow keys move the map, + and - zoom, Enter sets the place to the middle of the map."),
        "zoom_in": _("Zoom in"),
        "zoom_out": _("Zoom out"),
        "centre": _("Show the place"),
        "set": _("Set to the middle"),
        "place": _("Place: %s, %s"),
        "no_place": _("No place yet"),
    }
