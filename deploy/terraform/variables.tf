variable "aws_region" {
  description = "Where everything is made; AWS_REGION in `.env`."
  type        = string
  default     = "us-east-1"
}

variable "name" {
  description = "Stands in front of the name of everything that is made here; one for each deployment in an account."
  type        = string
  default     = "marketplace"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Small letters, digits and hyphens, at most 31."
  }
}

variable "outside_queue_receives" {
  description = "So often a message is received before it is a dead letter; OUTSIDE_QUEUE_RECEIVES in `.env`."
  type        = number
  default     = 5
}

variable "sns_platform_application_arn_apns" {
  description = "A platform application for Apple's devices that exists already. Empty: one is made when its credentials are given."
  type        = string
  default     = ""
}

variable "sns_platform_application_arn_fcm" {
  description = "The same for Firebase."
  type        = string
  default     = ""
}

variable "apns_signing_key" {
  description = "The .p8 key of Apple's push service. It ends up in Terraform's state: keep that encrypted, or make the application by hand and give its ARN."
  type        = string
  default     = ""
  sensitive   = true
}

variable "apns_key_id" {
  description = "The id of that key."
  type        = string
  default     = ""
}

variable "apns_team_id" {
  description = "The team the key belongs to."
  type        = string
  default     = ""
}

variable "apns_bundle_id" {
  description = "The application on the devices, such as com.example.shop."
  type        = string
  default     = ""
}

variable "fcm_service_account" {
  description = "Firebase's service account as JSON; in the state as well."
  type        = string
  default     = ""
  sensitive   = true
}

variable "trusted_principals" {
  description = "Who may take the application's role: a service such as ec2.amazonaws.com or ecs-tasks.amazonaws.com."
  type        = list(string)
  default     = ["ec2.amazonaws.com"]
}

variable "alarms" {
  description = "Whether alarms are made."
  type        = bool
  default     = false
}

variable "alarm_email" {
  description = "Who is told by mail. Empty: alarms only show in the console."
  type        = string
  default     = ""
}
