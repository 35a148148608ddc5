"""The cache's client where traces are on: a span a command or pipeline, by its name. Keys and values stay out."""

from typing import Any

from redis.client import Pipeline, Redis

from .tracing import call


class TracedPipeline(Pipeline):
    """One span for all of its commands."""

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        with call("PIPELINE", db__system__name="redis", db__operation__batch__size=len(self.command_stack)):
            return list(super().execute(raise_on_error))


class TracedRedis(Redis):
    """Named in the settings of the caches."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        with call(str(args[0]), db__system__name="redis"):
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:
        return TracedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
