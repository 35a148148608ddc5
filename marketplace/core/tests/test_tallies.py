"""Sums of several processes: nothing is lost when one is killed, nothing is counted twice."""

import shutil
import signal
import struct
import subprocess
import sys
from contextlib import ExitStack

import pytest

from marketplace.core.observability.tallies import ENDING, Tallies

# Four threads of a process add; then it says so and waits to be killed.
_ADDS = """
import sys, threading
from pathlib import Path
from marketplace.core.observability.tallies import Tallies
mine = Tallies(Path(sys.argv[1]))
def work():
    for _ in range(500):
        mine.add(("requests", 1), ("seconds", 0.5))
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("done", flush=True)
sys.stdin.read()
"""
_FORKS = """
import os, sys
from pathlib import Path
from marketplace.core.observability.tallies import Tallies
mine = Tallies(Path(sys.argv[1]))
mine.add(("requests", 1))
child = os.fork()
for _ in range(1000):
    mine.add(("requests", 1))
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
print("done", flush=True)
sys.stdin.read()
"""


def begin(stack, script, folder):
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    stack.enter_context(process)
    stack.callback(process.kill)
    return process


def wait_for(process):
    assert process.stdout.readline() == "done\n"


def files(folder):
    return sorted(folder.glob(f"*{ENDING}"))


def test_processes_that_are_killed_lose_nothing(tmp_path):
    here = Tallies(tmp_path)
    here.add(("requests", 1))
    with ExitStack() as stack:
        processes = [begin(stack, _ADDS, tmp_path) for _ in range(3)]
        for process in processes:
            wait_for(process)

        alive = here.totals()
        for process in processes[:2]:
            process.send_signal(signal.SIGKILL)
            process.wait()
        some_dead = [here.totals(), here.totals()]

        assert alive == {"requests": 6001.0, "seconds": 3000.0}
        assert some_dead == [alive, alive]
        assert len(files(tmp_path)) == 2  # ours, and that of the one who lives


def test_a_child_does_not_count_in_its_parents_file(tmp_path):
    with ExitStack() as stack:
        process = begin(stack, _FORKS, tmp_path)
        wait_for(process)

        assert Tallies(tmp_path).totals() == {"requests": 2001.0}


def test_a_fold_that_was_cut_off_counts_nothing_twice(tmp_path):
    with ExitStack() as stack:
        process = begin(stack, _ADDS, tmp_path)
        wait_for(process)
    [dead] = files(tmp_path)
    shutil.copy(dead, tmp_path / "aside")
    before = Tallies(tmp_path).totals()

    shutil.copy(tmp_path / "aside", dead)  # as if we had died before it was removed
    after = Tallies(tmp_path).totals()

    assert (before, after) == ({"requests": 2000.0, "seconds": 1000.0}, before)
    assert files(tmp_path) == []


def test_without_a_folder_a_process_counts_for_itself(tmp_path, caplog):
    (tmp_path / "file").touch()
    here = Tallies(tmp_path / "file" / "metrics")

    here.add(("requests", 2))
    here.add(("requests", 3))

    assert here.totals() == {"requests": 5.0}
    assert "for this process alone" in caplog.text


@pytest.mark.parametrize("content", ["", "{", "[]", '{"files": 3}'])
def test_sums_that_cannot_be_read_begin_anew(tmp_path, content, caplog):
    (tmp_path / "sums.json").write_text(content)
    here = Tallies(tmp_path)

    here.add(("requests", 1))

    assert here.totals() == {"requests": 1.0}
    assert "counting begins anew" in caplog.text


def test_a_file_of_nonsense_does_not_hide_the_others(tmp_path, caplog):
    (tmp_path / f"broken{ENDING}").write_bytes(struct.pack("3i52x", 64, 0, 1_000))
    here = Tallies(tmp_path)

    here.add(("requests", 1))

    assert here.totals() == {"requests": 1.0}
    assert "cannot be read" in caplog.text


def test_nothing_is_opened_before_something_is_counted(tmp_path):
    Tallies(tmp_path / "metrics")

    assert list(tmp_path.iterdir()) == []
