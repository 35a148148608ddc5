#!/usr/bin/env python
"""Django's command line; the settings module comes from the environment."""

import gc
import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")
    # A command begins by loading three thousand modules: looking for garbage among them is an eighth of its start.
    gc.set_threshold(50_000)
    execute_from_command_line(sys.argv)
