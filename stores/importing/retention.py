"""What imports leave behind goes after a while."""

from datetime import datetime, timedelta

from django.conf import settings

from marketplace.core.retention import delete_in_batches

from .models import ImportRow, ImportRun
from .selectors import WORKING


def forget_old(at: datetime) -> int:
    """Delete runs of before `IMPORT_KEPT_DAYS` with their rows and files, those that nobody confirmed too; how many.

    A run that is being read or written stays. The audit trail keeps what was done. Harmless twice.
    """
    old = ImportRun.objects.filter(created_at__lt=at - timedelta(days=settings.IMPORT_KEPT_DAYS)).exclude(
        state__in=WORKING
    )
    for run in old.exclude(upload=""):
        run.upload.delete(save=False)
    delete_in_batches(ImportRow.objects.filter(run__in=old))
    return delete_in_batches(old)
