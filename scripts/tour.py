"""Run the README's tour word for word against a running server.

    python scripts/tour.py [BASE_URL]

Takes every bash block below "A five-minute tour" and runs them as one script that stops at the first failure.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def tour_script(text: str) -> str:
    """The tour's blocks, in order."""
    section = re.search(r"^## A five-minute tour$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    if section is None:
        raise SystemExit("the README has no tour")
    blocks = re.findall(r"^```bash\n(.*?)^```$", section.group(1), re.MULTILINE | re.DOTALL)
    return "set -euo pipefail\n" + "\n".join(blocks)


def main() -> int:
    """Exit code of the tour."""
    environment = dict(os.environ)
    if len(sys.argv) > 1:
        environment["BASE"] = sys.argv[1]
    script = tour_script(README.read_text(encoding="utf-8"))
    return subprocess.run(["bash", "-c", script], check=False, cwd=README.parent, env=environment).returncode


if __name__ == "__main__":
    raise SystemExit(main())
