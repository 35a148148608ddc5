"""Fields that the slices' serializers share."""

from typing import Any

from drf_spectacular.utils import extend_schema_field

from marketplace.core.http import fields

from .priority import Priority

WORDS = [(priority.name.lower(), priority.label) for priority in Priority]


@extend_schema_field({"type": "string", "enum": [word for word, _label in WORDS]})
class PriorityField(fields.ChoiceField):
    """`low`, `medium` or `high` outside, a number that sorts inside."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=WORDS, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return Priority[super().to_internal_value(data).upper()]

    def to_representation(self, value: Any) -> str:
        return Priority(value).name.lower()
