"""OpenAPI: what every operation has in common, added once (problems, idempotency, ETags, sparse fields)."""

from typing import Any

from drf_spectacular.openapi import AutoSchema as SpectacularAutoSchema
from drf_spectacular.utils import OpenApiParameter

from .permissions import Anyone

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "errors", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; decide by this, show `detail`."},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "request_id": {"type": "string"},
    },
    "example": {
        "type": "urn:marketplace:problem:not_found",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "detail": "Not found.",
        "errors": [],
        "request_id": "0190b2f0c3d57c1c",
    },
}
REASONS = {
    "400": "Malformed request, or values that break a rule",
    "401": "No valid access token",
    "403": "Not allowed",
    "404": "No such object, or not yours",
    "405": "Method not allowed",
    "406": "No such representation",
    "409": "Conflict with the present state",
    "412": "Changed by somebody else (If-Match)",
    "413": "Body too large",
    "415": "Not application/json in UTF-8",
    "422": "Idempotency-Key reused with another request",
    "429": "Too many requests",
    "503": "Busy; try again",
}
RETRY_HEADER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}}


class AutoSchema(SpectacularAutoSchema):
    """drf-spectacular's, with the project's conventions."""

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        if self._is_idempotent():
            parameters.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
                    OpenApiParameter.HEADER,
                    required=True,
                    description="Any unique text; the same key gives the same stored answer for 24 hours.",
                )
            )
        if getattr(self.view, "uses_etags", False) and self.method in {"PATCH", "PUT", "DELETE"}:
            parameters.append(
                OpenApiParameter(
                    "If-Match", str, OpenApiParameter.HEADER, description="The ETag you read; 412 when it is stale."
                )
            )
        if self.method == "GET":
            parameters.append(OpenApiParameter("fields", str, description="Only these members, separated by commas."))
        return parameters

    def get_auth(self) -> list[dict[str, list[Any]]]:
        """Where anyone may come, a token is welcome but not required."""
        ways: list[dict[str, list[Any]]] = super().get_auth()
        is_open = any(isinstance(permission, Anyone) for permission in self.view.get_permissions())
        return [*ways, {}] if is_open and ways and {} not in ways else ways

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        for status in self._problem_statuses():
            said = operation["responses"].setdefault(status, {"$ref": f"#/components/responses/Problem{status}"})
            # A route that says it in its own form too (a page) may still answer with the problem.
            if "content" in said:
                said["content"] |= _PROBLEM
        return operation

    def _problem_statuses(self) -> list[str]:
        statuses = ["400", "401", "403", "404", "405", "406", "429", "503"]
        if self.method in {"POST", "PATCH", "PUT", "DELETE"}:
            statuses += ["409", "412", "413", "415", "422"]
        return sorted(statuses)

    def _is_idempotent(self) -> bool:
        action = getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)
        return bool(getattr(action, "is_idempotent", False))


_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _problem_response(status: str) -> dict[str, Any]:
    response: dict[str, Any] = {"description": REASONS[status], "content": dict(_PROBLEM)}
    if status in {"409", "429", "503"}:
        response["headers"] = RETRY_HEADER
    return response


def only_versioned_paths(endpoints: list[tuple[str, ...]], **kwargs: Any) -> list[tuple[str, ...]]:
    """Pre-processing hook: aliases without a version answer too, but the reference names each route once."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def add_shared_components(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Post-processing hook: the one schema all problems share, and the answers made of it."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {f"Problem{status}": _problem_response(status) for status in REASONS}
    return result


def free_sparse_answers(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Post-processing hook: what `?fields=` can cut out of an answer is not required in it."""
    schemas = result["components"]["schemas"]
    for path in result["paths"].values():
        operation = path.get("get", {})
        if any(parameter["name"] == "fields" for parameter in operation.get("parameters", [])):
            for name in _answered_with(operation["responses"].get("200", {}), schemas):
                schemas[name].pop("required", None)
    return result


def _answered_with(response: dict[str, Any], schemas: dict[str, Any]) -> set[str]:
    """The components an operation answers with: the object, or the rows of its list or page."""
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    names = set()
    while schema:
        name = schema.get("$ref", "").rpartition("/")[2]
        target = schemas.get(name, schema)
        rows = target.get("properties", {}).get("results")
        if name and rows is None:
            names.add(name)
        schema = rows or (target.get("items") if target.get("type") == "array" else None)
    return names
