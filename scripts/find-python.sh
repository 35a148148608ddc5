#!/bin/sh
# Prints a Python of at least 3.11 that really starts (version managers leave shims that do not).
# PYTHON in the environment is asked first.
set -eu

new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c "$new_enough" >/dev/null 2>&1; then
        command -v "$candidate"
        exit 0
    fi
done

found=$(python3 --version 2>/dev/null || echo "no python3")
echo "Python 3.11 or newer is needed; found: $found." >&2
echo "Install one (Debian and Ubuntu: apt-get install python3.11 python3.11-venv) or name it: make PYTHON=/path/to/python3.12 run" >&2
exit 1
