#!/bin/sh
# LocalStack runs this once it is up: the platform applications and queues that the product uses. Then, in `.env`:
#
#   PUSH_SERVICE=sns
#   AWS_ENDPOINT_URL=http://localstack:4566
#   AWS_ACCESS_KEY_ID=test
#   AWS_SECRET_ACCESS_KEY=test
#   SNS_PLATFORM_APPLICATION_ARN_APNS=arn:aws:sns:us-east-1:000000000000:app/APNS/marketplace-apns
#   SNS_PLATFORM_APPLICATION_ARN_FCM=arn:aws:sns:us-east-1:000000000000:app/GCM/marketplace-fcm
#   OUTSIDE_QUEUE_URL=http://localstack:4566/000000000000/marketplace-outside.fifo
set -eu

awslocal sns create-platform-application --name marketplace-apns --platform APNS --attributes PlatformCredential=local
awslocal sns create-platform-application --name marketplace-fcm --platform GCM --attributes PlatformCredential=local
awslocal sqs create-queue --queue-name marketplace-outside-dead.fifo --attributes FifoQueue=true
awslocal sqs create-queue --queue-name marketplace-outside.fifo --attributes '{
  "FifoQueue": "true",
  "VisibilityTimeout": "120",
  "RedrivePolicy": "{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:marketplace-outside-dead.fifo\",\"maxReceiveCount\":\"5\"}"
}'
