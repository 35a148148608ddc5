"""A session of pytest that runs no test itself: it looks which lines each test reaches, then forks for every mutant."""

import gc
import importlib
import json
import math
import os
import resource
import shutil
import signal
import tempfile
import time
import traceback
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import coverage
import pytest
from django.conf import settings
from django.db import connections

from .operators import Site
from .planting import Source, UnviableError, plant, read_source
from .reaching import Known, Reach
from .targets import LEFT_OUT, ROOT, Target

KILLED, SURVIVED, TIMEOUT, NO_TESTS, UNVIABLE = "killed", "survived", "timeout", "no tests", "unviable"
_CODES = {0: SURVIVED, 1: KILLED, 2: UNVIABLE}
_MEMORY = 6 << 30
_IN_MEMORY = Path("/dev/shm")  # noqa: S108  # nosec B108 - mkdtemp makes a folder there that is ours alone
EXAMPLES = 25
CONTROLS = 5
_WALL_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Job:
    """A mutant with its target and the tests that reach it, the likeliest to notice first."""

    target: Target
    source: Source
    site: Site | None  # None: a control, nothing is changed
    number: int
    tests: tuple[int, ...]

    @property
    def scope(self) -> str:
        """The function it is in; nothing for a constant."""
        return "" if self.site is None else self.site.place.scope

    @property
    def name(self) -> str:
        """The same in every run, as long as the file is."""
        site = self.site
        if site is None:
            return f"{self.source.path} unchanged"
        what = f"{site.operator}: {site.before} → {site.after}" if site.after else f"{site.operator}: {site.before}"
        return f"{self.source.path}:{site.line} {what} [{self.number}]"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant, the test that noticed, and the processor time it took."""

    job: Job
    status: str
    by: str
    seconds: float


class _Nowhere:
    """Stands for a test that shares only the session with those before it."""

    def __init__(self, session: pytest.Session) -> None:
        self.session = session

    def listchain(self) -> list[pytest.Session]:
        """What has to stay set up for it."""
        return [self.session]


class MutantSession:
    """The plugin. `choose` says which of all mutants are tried; `tell` hears every verdict."""

    def __init__(
        self,
        targets: Sequence[Target],
        choose: Callable[[list[Job]], list[Job]],
        tell: Callable[[Verdict], None],
        workers: int,
        cache: Path,
        most_tests: int,
    ) -> None:
        self.targets = targets
        self.choose = choose
        self.tell = tell
        self.workers = workers
        self.cache = cache
        self.most_tests = most_tests
        self.items: list[pytest.Item] = []
        self.has_failed, self.said = False, ""
        self.at_failure: Callable[[pytest.Item], None] | None = None
        self.kills: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
        self.folder = Path(tempfile.mkdtemp(prefix="mutants-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))

    def pytest_sessionstart(self) -> None:
        """Fewer examples, and the same for every mutant."""
        # Not before pytest has it: pytest says so if it comes too late to rewrite a plugin.
        hypothesis = importlib.import_module("hypothesis")
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)  # that it fails is enough: nothing is shrunk
        fewer = hypothesis.settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=phases
        )
        hypothesis.settings.register_profile("mutants", fewer)
        hypothesis.settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Some tests are not asked."""
        items[:] = [item for item in items if not any(name in item.nodeid for name in LEFT_OUT)]
        items[:] = [
            item for item in items if not any(mark.name in {"skip", "postgres"} for mark in item.iter_markers())
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """A mutant was noticed: its process ends here, for telling how a test failed takes longer than the test."""
        if call.excinfo is None or call.excinfo.errisinstance(pytest.skip.Exception):
            return
        if self.at_failure is not None and item.get_closest_marker("xfail") is None:
            (self.folder / "error").write_text("".join(traceback.format_exception(call.excinfo.value)))
            self.at_failure(item)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Setup, call or teardown of a test is over."""
        if report.failed:
            self.has_failed, self.said = True, report.longreprtext

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of the tests."""
        self.items = session.items
        try:
            self._make_database()
            # The suite puts what is loaded out of reach of searches, and functions are found by one.
            gc.unfreeze()
            sources = {path: read_source(ROOT, path) for target in self.targets for path in target.files}
            # Collecting garbage would write to every page that a child shares with this process.
            gc.collect()
            gc.freeze()
            # A fork lets go of files that this process has open.
            warnings.simplefilter("ignore", ResourceWarning)
            reach = self._look(sources)
            for name in reach.broken:
                print(f"mutants: fails without a mutant, left out: {name}", flush=True)
            for target in self.targets:
                jobs = [
                    Job(target, sources[path], site, number, self._asked(target, reach, sources[path], site))
                    for path in target.files
                    for number, site in enumerate(sources[path].sites)
                ]
                self._try(self.choose(jobs), reach)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        return True

    def _make_database(self) -> None:
        """By the first test that has one; then it is put aside, for each child to take a copy of."""
        number = next(i for i, item in enumerate(self.items) if "django_db" in {m.name for m in item.iter_markers()})
        if not self._run(number):
            raise RuntimeError(f"{self.items[number].nodeid} fails without a mutant: {self.said}")
        connections.close_all()
        shutil.copyfile(connections.settings["default"]["NAME"], self.folder / "new.sqlite3")

    def _run(self, number: int, next_number: int | None = None) -> bool:
        """One test, with everything around it that pytest puts there; whether it passed.

        Without a next one, what modules and classes have set up is taken down too: any test can follow.
        """
        self.has_failed = False
        item = self.items[number]
        following: Any = _Nowhere(item.session) if next_number is None else self.items[next_number]
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        return not self.has_failed

    def _look(self, sources: dict[str, Source]) -> Reach:
        """Run every test once in a child that counts lines; those that were looked at before, unchanged, are known."""
        known = Known(self.cache, sources)
        new = [number for number, item in enumerate(self.items) if not known.has(item)]
        answer = self.folder / "reach.json"
        print(f"mutants: {len(self.items)} tests, {len(new)} to look at", flush=True)
        if new:
            child = os.fork()
            if child == 0:
                self._leave_with(lambda: self._reach(sources, new, answer))
            os.waitpid(child, 0)
            if not answer.exists():
                raise RuntimeError(f"no test could be looked at: {(self.folder / 'error').read_text()}")
            known.learn(self.items, json.loads(answer.read_text()))
        return known.reach(self.items)

    def _reach(self, sources: dict[str, Source], numbers: Sequence[int], answer: Path) -> int:
        self._take_database()
        watch = coverage.Coverage(
            data_file=None, include=[each.file for each in sources.values()], config_file=False, messages=False
        )
        watch.start()
        told: dict[int, dict[str, Any]] = {}
        for position, number in enumerate(numbers):
            watch.switch_context(str(number))
            started = time.process_time()
            following = numbers[position + 1] if position + 1 < len(numbers) else None
            passed = self._run(number, next_number=following)
            told[number] = {"seconds": time.process_time() - started, "passed": passed, "lines": {}}
        watch.stop()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # no test may have reached anything
            data = watch.get_data()
        for each in sources.values():
            for line, tests in data.contexts_by_lineno(each.file).items():
                for test in tests:
                    if test:
                        told[int(test)]["lines"].setdefault(each.path, []).append(line)
        answer.write_text(json.dumps(told))
        return 0

    def _asked(self, target: Target, reach: Reach, source: Source, site: Site) -> tuple[int, ...]:
        """Those of the target that reach it: its own slice's first, quick ones before long ones, and not too many.

        All of them where the lines do not say who reaches it.
        """
        slice_ = str(Path(source.path).parent).removesuffix("/services")
        tests = [test for test in reach.of(source, site) if self.items[test].nodeid.startswith(target.tests)]
        tests.sort(key=lambda test: (not self.items[test].nodeid.startswith(slice_), reach.seconds[test], test))
        return tuple(tests if source.is_everywhere(site) else tests[: self.most_tests or None])

    def _try(self, jobs: Sequence[Job], reach: Reach) -> None:
        self._control(jobs, reach)
        waiting = list(reversed(jobs))
        running: dict[int, tuple[Job, float, Path]] = {}
        while waiting or running:
            while waiting and len(running) < self.workers:
                job = waiting.pop()
                if not job.tests:
                    self.tell(Verdict(job, NO_TESTS, "", 0.0))
                    continue
                by = self.folder / f"by-{len(waiting)}"
                child = os.fork()
                if child == 0:
                    self._leave_with(lambda job=job, by=by: self._meet(job, by, reach))  # type: ignore[misc]
                running[child] = (job, time.monotonic(), by)
            self._hear(running)

    def _control(self, jobs: Sequence[Job], reach: Reach) -> None:
        """Without a change nothing may be noticed: a fork like those to come, with tests of theirs in their order."""
        asked = [job for job in jobs if job.tests][:: max(1, len(jobs) // CONTROLS)]
        for job in asked:
            by = self.folder / "by-control"
            child = os.fork()
            if child == 0:
                unchanged = replace(job, site=None)
                self._leave_with(lambda: self._meet(unchanged, by, reach))  # noqa: B023 - called at once
            _child, status = os.waitpid(child, 0)
            if status:
                name = self.items[int(by.read_text())].nodeid if by.exists() else f"status {status}"
                error = (self.folder / "error").read_text()
                raise RuntimeError(f"without any mutant it is noticed by {name}: {error}")
        print(f"mutants: {len(asked)} forks without a mutant: nothing noticed", flush=True)

    def _hear(self, running: dict[int, tuple[Job, float, Path]]) -> None:
        """Wait until a child has ended; one that sleeps for too long is ended."""
        while running:
            ended, status, used = os.wait4(-1, os.WNOHANG)
            if ended in running:
                job, _started, by = running.pop(ended)
                outcome = TIMEOUT if os.WIFSIGNALED(status) else _CODES.get(os.WEXITSTATUS(status), KILLED)
                killer = int(by.read_text()) if outcome == KILLED and by.exists() else None
                if killer is not None:
                    known = self.kills[job.source.path, job.scope]
                    known[killer] = known.get(killer, 0) + 1
                name = "" if killer is None else self.items[killer].nodeid
                (self.folder / f"{ended}.sqlite3").unlink(missing_ok=True)
                self.tell(Verdict(job, outcome, name, used.ru_utime + used.ru_stime))
                return
            for child, (_job, started, _by) in running.items():
                if time.monotonic() - started > _WALL_SECONDS:
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.01)

    def _meet(self, job: Job, by: Path, reach: Reach) -> int:
        """In the child: the mutant meets its tests."""
        self._take_database()
        limit = math.ceil(10 + 4 * sum(reach.seconds[test] for test in job.tests))
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 2))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        try:
            if job.site is not None:
                plant(job.source, job.site)
        except UnviableError:
            return 2
        known = self.kills[job.source.path, job.scope]
        tests = sorted(job.tests, key=lambda test: -known.get(test, 0))
        numbers = {self.items[test].nodeid: test for test in tests}

        def at_failure(item: pytest.Item) -> None:
            by.write_text(str(numbers[item.nodeid]))
            os._exit(1)

        self.at_failure = at_failure
        for position, test in enumerate(tests):
            following = tests[position + 1] if position + 1 < len(tests) else None
            if not self._run(test, next_number=following):
                at_failure(self.items[test])
        return 0

    def _take_database(self) -> None:
        """A copy of the fresh database for this process alone, and nothing said."""
        mine = self.folder / f"{os.getpid()}.sqlite3"
        shutil.copyfile(self.folder / "new.sqlite3", mine)
        connections.settings["default"]["NAME"] = str(mine)
        settings.DATABASES["default"]["NAME"] = str(mine)
        connections["default"].settings_dict["NAME"] = str(mine)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)

    def _leave_with(self, work: Callable[[], int]) -> None:
        """End this process without anything that pytest or Python would do at an end."""
        code = 1
        try:
            code = work()
        except BaseException:
            (self.folder / "error").write_text(traceback.format_exc())
            raise
        finally:
            os._exit(code)


def run_session(session: Any, tests: Sequence[str], *, keep_database: bool) -> int:
    """Collect these tests under the plugin."""
    # A fork lets go of files that its parent has open: not what a test is about, so nobody is to look for it.
    without = ("cacheprovider", "xdist", "cov", "unraisableexception")
    quiet = ["-o", "addopts=", "-qq", "-s", "--no-header", "--no-summary", "--tb=short"]
    quiet += [word for name in without for word in ("-p", f"no:{name}")]
    return int(pytest.main([*quiet, *(["--reuse-db"] if keep_database else []), *tests], plugins=[session]))
