"""How far a run is."""

from .models import ImportRun


def progress_of(run: ImportRun) -> int | None:
    """Per cent of the confirmed rows that are written; None while nothing is confirmed."""
    if run.state == ImportRun.State.DONE:
        return 100
    total = run.new_count + run.changed_count
    if run.state != ImportRun.State.APPLYING or not total:
        return None
    return (run.applied_count + run.conflict_count) * 100 // total
