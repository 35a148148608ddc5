"""SNS and SQS on this machine: moto's server as a process, with the applications and queues that the product uses.

Nothing in it outlives the process, and nothing of it reaches a telephone. What was published can be looked at through
its own pages (`/moto-api/`).
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import boto3

from scripts import local_services

REGION = "us-east-1"
RECEIVES = 5
VISIBILITY_SECONDS = 120
START_SECONDS = 30
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


@contextlib.contextmanager
def amazon() -> Iterator[dict[str, str]]:
    """Settings that lead there; none where the environment has its own."""
    if any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL", "PUSH_SERVICE", "OUTSIDE_QUEUE_URL")):
        yield {}
        return
    url = f"http://127.0.0.1:{local_services.free_port()}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", url.rpartition(":")[2]]
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # In a session of its own, so that Ctrl-C does not take it from those that still use it.
    process = subprocess.Popen(command, **quiet, start_new_session=True)
    try:
        wait_until_it_answers(url)
        yield {"PUSH_SERVICE": "sns", "AWS_ENDPOINT_URL": url, "AWS_REGION": REGION, **KEYS, **make_everything(url)}
    finally:
        process.terminate()
        process.wait()


def wait_until_it_answers(url: str) -> None:
    """Return once it does; an `OSError` when it does not within `START_SECONDS`."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(f"{url}/moto-api/", timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def make_everything(url: str) -> dict[str, str]:
    """A platform application each, the queue, its dead letters; harmless twice."""
    options = {
        "endpoint_url": url,
        "region_name": REGION,
        "aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"],
    }
    sns, sqs = boto3.client("sns", **options), boto3.client("sqs", **options)
    applications = {
        f"SNS_PLATFORM_APPLICATION_ARN_{name}": str(
            sns.create_platform_application(
                Name=f"marketplace-{name.lower()}", Platform=platform, Attributes={"PlatformCredential": "local"}
            )["PlatformApplicationArn"]
        )
        for name, platform in (("APNS", "APNS"), ("FCM", "GCM"))
    }
    fifo = {"FifoQueue": "true"}
    dead = sqs.create_queue(QueueName="marketplace-outside-dead.fifo", Attributes=fifo)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": RECEIVES})
    attributes = {**fifo, "VisibilityTimeout": str(VISIBILITY_SECONDS), "RedrivePolicy": redrive}
    queue = sqs.create_queue(QueueName="marketplace-outside.fifo", Attributes=attributes)["QueueUrl"]
    return {**applications, "OUTSIDE_QUEUE_URL": str(queue)}
