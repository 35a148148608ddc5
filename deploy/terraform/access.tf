# What the application calls, and nothing else: no queue but its own, no topic, no endpoint of another application.

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = var.trusted_principals
    }
  }
}

data "aws_iam_policy_document" "application" {
  statement {
    sid = "OutsideQueue"
    actions = [
      "sqs:SendMessage",
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
      "sqs:ChangeMessageVisibility",
    ]
    resources = [aws_sqs_queue.outside.arn]
  }

  dynamic "statement" {
    for_each = length(local.push_applications) > 0 ? [1] : []

    content {
      sid       = "Devices"
      actions   = ["sns:CreatePlatformEndpoint"]
      resources = local.push_applications
    }
  }

  dynamic "statement" {
    for_each = length(local.push_applications) > 0 ? [1] : []

    content {
      sid = "Pushes"
      actions = [
        "sns:Publish",
        "sns:GetEndpointAttributes",
        "sns:SetEndpointAttributes",
        "sns:DeleteEndpoint",
      ]
      # IAM names an endpoint's application for some of these calls, and the endpoint for others.
      resources = concat(local.push_applications, local.push_endpoints)
    }
  }

  # A text message goes to a number, which is no ARN: this allows no topic and no endpoint.
  statement {
    sid           = "TextMessages"
    actions       = ["sns:Publish"]
    not_resources = ["arn:aws:sns:*:*:*"]
  }

  # Asked when a publish was not answered (docs/decisions/0009); it knows no resource.
  statement {
    sid       = "WhetherSnsAnswers"
    actions   = ["sns:GetSMSAttributes"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "application" {
  name               = "${var.name}-application"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "application" {
  name   = "outside-deliveries"
  role   = aws_iam_role.application.id
  policy = data.aws_iam_policy_document.application.json
}

resource "aws_iam_instance_profile" "application" {
  name = "${var.name}-application"
  role = aws_iam_role.application.name
}
