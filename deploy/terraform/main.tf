locals {
  tags = {
    application = var.name
    managed_by  = "terraform"
  }

  makes_apns = var.sns_platform_application_arn_apns == "" && var.apns_bundle_id != ""
  makes_fcm  = var.sns_platform_application_arn_fcm == "" && nonsensitive(var.fcm_service_account != "")

  apns_arn = local.makes_apns ? aws_sns_platform_application.apns[0].arn : var.sns_platform_application_arn_apns
  fcm_arn  = local.makes_fcm ? aws_sns_platform_application.fcm[0].arn : var.sns_platform_application_arn_fcm
  push_applications = compact([
    local.apns_arn,
    local.fcm_arn,
  ])
  # An endpoint's ARN is its application's with "endpoint" for "app", and an id behind it.
  push_endpoints = [for arn in local.push_applications : "${replace(arn, ":app/", ":endpoint/")}/*"]
}

# A repeat of one name within five minutes is dropped by SQS (notifications/delivery/outside.py).
resource "aws_sqs_queue" "outside" {
  name                       = "${var.name}-outside.fifo"
  fifo_queue                 = true
  deduplication_scope        = "messageGroup"
  fifo_throughput_limit      = "perMessageGroupId"
  visibility_timeout_seconds = 120
  message_retention_seconds  = 345600
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.outside_dead.arn
    maxReceiveCount     = var.outside_queue_receives
  })
}

resource "aws_sqs_queue" "outside_dead" {
  name                      = "${var.name}-outside-dead.fifo"
  fifo_queue                = true
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

# Only the queue itself may send its dead letters there, and people move them back once the cause is mended.
resource "aws_sqs_queue_redrive_allow_policy" "outside_dead" {
  queue_url = aws_sqs_queue.outside_dead.id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.outside.arn]
  })
}

resource "aws_sns_platform_application" "apns" {
  count = local.makes_apns ? 1 : 0

  name                             = "${var.name}-apns"
  platform                         = "APNS"
  platform_credential              = var.apns_signing_key
  platform_principal               = var.apns_key_id
  apple_platform_team_id           = var.apns_team_id
  apple_platform_bundle_id         = var.apns_bundle_id
  event_delivery_failure_topic_arn = aws_sns_topic.failed_pushes.arn
}

resource "aws_sns_platform_application" "fcm" {
  count = local.makes_fcm ? 1 : 0

  name                             = "${var.name}-fcm"
  platform                         = "GCM"
  platform_credential              = var.fcm_service_account
  event_delivery_failure_topic_arn = aws_sns_topic.failed_pushes.arn
}

# What SNS took and a device's service refused: nobody but SNS hears of it otherwise.
resource "aws_sns_topic" "failed_pushes" {
  name = "${var.name}-failed-pushes"
}
