# Push and text messages through Amazon: one queue with its dead letters, platform applications, a role for the
# application. `terraform output` gives what stands in `.env`; each output in capitals is named as its variable there.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.80"
    }
  }
}

provider "aws" {
  region = var.aws_region

  default_tags {
    tags = local.tags
  }
}
