"""What operators see at /metrics, and who may."""

from .env import VAR_DIR, env

# Opens /metrics. Empty: only for clients on this machine.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# Whether processes count requests, tasks, selections, events.
METRICS_COUNTING = env.bool("METRICS_COUNTING", default=True)
# Where they do: one folder for all processes of a machine, on one of its own disks.
METRICS_FOLDER = env.str("METRICS_FOLDER", default=str(VAR_DIR / "metrics"))
