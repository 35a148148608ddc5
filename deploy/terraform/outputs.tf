# In capitals: variables of `.env`. PUSH_SERVICE=sns goes with them; the role of the machine needs no keys.

output "AWS_REGION" {
  description = "Where the queue and the applications are."
  value       = var.aws_region
}

output "OUTSIDE_QUEUE_URL" {
  description = "The queue that push and text messages go through."
  value       = aws_sqs_queue.outside.url
}

output "OUTSIDE_QUEUE_RECEIVES" {
  description = "What the queue's redrive policy says."
  value       = var.outside_queue_receives
}

output "SNS_PLATFORM_APPLICATION_ARN_APNS" {
  description = "Apple's devices; empty where there are none."
  value       = local.apns_arn
}

output "SNS_PLATFORM_APPLICATION_ARN_FCM" {
  description = "Firebase's."
  value       = local.fcm_arn
}

output "instance_profile" {
  description = "For the machines that run the application."
  value       = aws_iam_instance_profile.application.name
}

output "role_arn" {
  description = "The same role, for containers."
  value       = aws_iam_role.application.arn
}

output "failed_pushes_topic_arn" {
  description = "Subscribe to it to see what devices' services refuse."
  value       = aws_sns_topic.failed_pushes.arn
}
