"""Push, text messages, and the queue they may go through: files on this machine unless AWS is configured."""

from .env import VAR_DIR, env

# "file" or "sns".
PUSH_SERVICE = env.str("PUSH_SERVICE", default="file")
PUSH_SERVICES = {
    "file": "notifications.devices.files.FilePushService",
    "sns": "notifications.devices.sns.SnsPushService",
}
PUSH_FILE_PATH = env.str("PUSH_FILE_PATH", default=str(VAR_DIR / "push"))

# Numbers begin with one of these, or are not written to.
SMS_ALLOWED_PREFIXES = [each.strip() for each in env.list("SMS_ALLOWED_PREFIXES", default=["+52"]) if each.strip()]
# Text messages of all kinds, codes included.
SMS_PER_CUSTOMER_AND_DAY = env.int("SMS_PER_CUSTOMER_AND_DAY", default=10)

AWS_REGION = env.str("AWS_REGION", default="us-east-1")
# Empty: the machine's own role.
AWS_ACCESS_KEY_ID = env.str("AWS_ACCESS_KEY_ID", default="")
AWS_SECRET_ACCESS_KEY = env.str("AWS_SECRET_ACCESS_KEY", default="")
# An emulator's address.
AWS_ENDPOINT_URL = env.str("AWS_ENDPOINT_URL", default="")
AWS_CONNECT_TIMEOUT = env.float("AWS_CONNECT_TIMEOUT", default=3.0)
AWS_READ_TIMEOUT = env.float("AWS_READ_TIMEOUT", default=10.0)
SNS_PLATFORM_APPLICATIONS = {
    "apns": env.str("SNS_PLATFORM_APPLICATION_ARN_APNS", default=""),
    "fcm": env.str("SNS_PLATFORM_APPLICATION_ARN_FCM", default=""),
}

# Push and text messages go through this SQS FIFO queue, worked off by `manage.py run_outside_deliveries`. Empty:
# straight from the delivery queue.
OUTSIDE_QUEUE_URL = env.str("OUTSIDE_QUEUE_URL", default="")
# So often a message is received before it goes to the dead-letter queue: what its redrive policy says.
OUTSIDE_QUEUE_RECEIVES = env.int("OUTSIDE_QUEUE_RECEIVES", default=5)
