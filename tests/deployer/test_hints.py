"""Hints, with messages that people were shown; each is quoted from the thread that is named beside it."""

from __future__ import annotations

import pytest

from deployer.hints import HINTS, hint

ISSUE = "https://github.com/{}/issues/{}"

# What people saw, what the hint must name, and where they told of it.
MESSAGES = (
    (
        'Resource handler returned message: "The maximum number of VPCs has been reached. (Service: Ec2, Status Code: '
        '400, Request ID: 5ce9e2b3)" (RequestToken: 79d65bb7, HandlerErrorCode: GeneralServiceException)',
        "network.mode: existing",
        ISSUE.format("awslabs/landing-zone-accelerator-on-aws", 241),
    ),
    (
        "The maximum number of addresses has been reached. (Service: AmazonEC2; Status Code: 400; Error Code: "
        "AddressLimitExceeded; Request ID: 21eab21b)",
        "Elastic IPs",
        ISSUE.format("aws/aws-parallelcluster", 1734),
    ),
    (
        "Error creating DB Instance: InstanceQuotaExceeded: DB Instance quota exceeded",
        "quota of RDS",
        ISSUE.format("hashicorp/terraform-provider-aws", 25768),
    ),
    (
        "Failed to create resource. You can't create this secret because a secret with this name is already scheduled "
        "for deletion.",
        "restore-secret",
        ISSUE.format("udondan/cdk-ec2-key-pair", 2),
    ),
    (
        "Resource handler returned message: \"The CIDR '10.0.32.0/20' conflicts with another subnet (Service: Ec2, "
        'Status Code: 400, Request ID: a9a6cbdf)" (RequestToken: dcde7964, HandlerErrorCode: AlreadyExists)',
        "service.cidrBlock",
        ISSUE.format("aws-samples/aws-genai-llm-chatbot", 153),
    ),
    (
        "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
        "*.execute-api.us-east-1.amazonaws.com in the VPC",
        "createEndpoints",
        ISSUE.format("fortinet/fortigate-autoscale-aws", 43),
    ),
    (
        "Resource handler returned message: \"Resource of type 'AWS::CloudFront::OriginAccessControl' with identifier "
        "'BedrockChatStackFrontendDistOrigin1S3OriginAccessControlA46AADB6' already exists.\" (RequestToken: 2b638011, "
        "HandlerErrorCode: AlreadyExists)",
        "the name is taken",
        ISSUE.format("aws-samples/bedrock-chat", 794),
    ),
    (
        "ec2-gaming-sunshine-library already exists (Service: S3, Status Code: 0, Request ID: null)",
        "the name is taken",
        ISSUE.format("stefanjenkner/ec2-gaming-sunshine", 374),
    ),
    (
        'Resource handler returned message: "RDS does not support creating a DB instance with the following '
        "combination: DBInstanceClass=db.t2.micro, Engine=mysql, EngineVersion=8.0.35, "
        "LicenseModel=general-public-license. For supported combinations of instance class and database engine "
        'version, see the documentation."',
        "metadataDb.instanceType",
        ISSUE.format("aws-samples/cfn101-workshop", 265),
    ),
    (
        "Cannot create a db.t2.micro database instance because there are no availability zones with sufficient "
        "capacity for non-VPC and storage type : gp2 for db.t2.micro. Please try the request again at a later time.",
        "try again later",
        ISSUE.format("Fraudmarc/fraudmarc-ce", 50),
    ),
    (
        "InsufficientCacheClusterCapacity: cache.t4g.small (VPC) is not currently supported in the availability zone "
        "us-east-1e.  Retry the launch with no availability zone or target: us-east-1a, us-east-1f",
        "celeryBackend.instanceType",
        ISSUE.format("winglang/wing", 4126),
    ),
    (
        'Resource handler returned message: "Your requested instance type (t2.micro) is not supported in your '
        'requested Availability Zone (us-west-2d). Please retry your request by not specifying an Availability Zone"',
        "that zone does not have it",
        ISSUE.format("CloudSmith-Delivery-Troubleshooting/backend-infra-cdk", 11),
    ),
    (
        "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a "
        "different availability zone",
        "service.spot",
        ISSUE.format("sil-org/ecs-deploy", 277),
    ),
    (
        "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
        "us-east-2a. Add subnets to cover at least 2 AZs.",
        "two zones",
        ISSUE.format("terraform-aws-modules/terraform-aws-vpc", 821),
    ),
    (
        'Resource handler returned message: "Invalid request provided: CreateCluster Invalid Request: Unable to assume '
        'the service linked role. Please verify that the ECS service linked role exists."',
        "create-service-linked-role",
        ISSUE.format("aws-cloudformation/cloudformation-coverage-roadmap", 818),
    ),
    (
        "User: arn:aws:sts::1:assumed-role/AWSReservedSSO_AdministratorAccess_a/x is not authorized to perform: "
        "rds:CreateDBInstance on resource: arn:aws:rds:eu-west-2:1:db:test-unencrypted with an explicit deny in a "
        "service control policy: arn:aws:organizations::1:policy/o-b/service_control_policy/p-v",
        "organisation",
        ISSUE.format("ministryofjustice/aws-root-account", 1494),
    ),
    (
        "User: arn:aws:iam::780963802580:user/M is not authorized to perform: cloudformation:CreateStack on resource",
        "make airflow-permissions",
        ISSUE.format("aws-samples/aws-modern-application-workshop", 42),
    ),
    (
        "API: s3:PutBucketPolicy Access Denied",
        "make airflow-permissions",
        ISSUE.format("service-cloud-voice/examples-from-doc", 51),
    ),
    (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
        "12345678-eu-west-1.amazonaws.com/example-service:image-tag@sha256:sha digest: not found",
        "make airflow-push-image",
        ISSUE.format("aws/containers-roadmap", 2687),
    ),
    (
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
        'quay.io/deepfenceio/cloud-scanner:latest: failed to do request: Head "https://quay.io/v2/x": dial tcp '
        "3.210.148.47:443: i/o timeout",
        "does not reach the registry",
        ISSUE.format("deepfence/terraform-aws-cloud-scanner", 13),
    ),
    (
        "CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref "
        '"xxxxx.xxx": unexpected status code [manifests 6981141]: 403 Forbidden',
        "may not pull",
        ISSUE.format("aws/aws-cdk", 14457),
    ),
    (
        "CannotPullContainerError: inspect image has been retried 5 time(s): httpReaderSeeker: failed open: unexpected "
        "status code https://registry-1.docker.io/v2/amazon/aws-for-fluent-bit/manifests/sha256:330a24bcd4e0",
        "tasks reach its registry",
        ISSUE.format("aws/aws-for-fluent-bit", 234),
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret "
        "arn:aws:secretsmanager:us-west-2:*:secret:DBPasswordSecret-* from secrets manager: RequestCanceled: request "
        "context canceled caused by: context deadline exceeded. Please check your task network configuration.",
        "does not reach AWS",
        ISSUE.format("Releem/releem-agent", 195),
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable to retrieve ecr registry auth: service call has been retried 5 time(s): RequestError: send request "
        "failed caused by: Post https://api.ecr....",
        "does not reach AWS",
        ISSUE.format("aws/aws-app-mesh-examples", 413),
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret "
        "arn:aws:secretsmanager:eu-central-1:account_id:secret:algo-dev-directus-secret from secrets manager: "
        "AccessDeniedException: Access to KMS is not allowed status code: 400, request id: a87a66d9",
        "execution role",
        ISSUE.format("GiamPy5/terraform-aws-directus", 10),
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret "
        "arn:aws:secretsmanager:eu-west-1:123456789...",
        "airflow.secrets",
        ISSUE.format("docker-archive/compose-cli", 1510),
    ),
    (
        "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-west-2:1:targetgroup/"
        "examp-Targe-BNN5THFBIYHD/1b16379bd7038558)",
        "its log says why",
        ISSUE.format("aws/copilot-cli", 3456),
    ),
    (
        "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was "
        "triggered'.\" (RequestToken: 256edf08, HandlerErrorCode: GeneralServiceException)",
        "its log says why",
        ISSUE.format("aws/copilot-cli", 2584),
    ),
    (
        "Service arn:aws:ecs:us-west-2:845828040396:service/hacko-integration-transportService-67KME5SFWBJO-Service-"
        "1OVJNMOPH8ZH2 did not stabilize.",
        "if it is a service, its log says why",
        ISSUE.format("hackoregon/civic-devops", 175),
    ),
    (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed "
        "to create Cloudwatch log stream: AccessDeniedException: User: arn:aws:sts::zzzzzzzzzzzz:assumed-role/"
        "ecs.task.minecraft-server/123456a999ee4b919 is not authorized to perform: logs:CreateLogStream",
        "may not write to its log group",
        ISSUE.format("doctorray117/minecraft-ondemand", 12),
    ),
    (
        "AccessDenied: User: arn:aws:iam::123:user/AliceLeyou is not authorized to perform: "
        "cloudformation:DescribeStacks on resource: arn:aws:cloudformation:eu-central-1:123:stack/CDKToolkit/* with an "
        "explicit deny in an identity-based policy",
        "identity-based is one of whoever deploys",
        ISSUE.format("aws/aws-cdk", 27622),
    ),
    (
        "CannotPullContainerError: Error response from daemon: toomanyrequests: You have reached your pull rate limit. "
        "You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit",
        "pull that often",
        ISSUE.format("aws-samples/aws-genomics-workflows", 122),
    ),
    (
        "The maximum number of internet gateways has been reached. (Service: Ec2, Status Code: 400, Request ID: fe23)",
        "Service Quotas",
        ISSUE.format("CloudSmith-Delivery-Troubleshooting/backend-infra-cdk", 6),
    ),
    (
        "TooManyLoadBalancers: The maximum number of load balancers has been reached",
        "Service Quotas",
        ISSUE.format("eficode-academy/kubernetes-katas", 115),
    ),
    (
        "Cannot exceed quota for PoliciesPerRole: 10 (Service: Iam, Status Code: 409, Request ID: a42eda91)",
        "Service Quotas",
        ISSUE.format("aws/eks-hybrid", 741),
    ),
    (
        "NodeQuotaForCustomerExceeded: Customer node quota exceeded. You can have at most 300 nodes in this region.",
        "Service Quotas",
        ISSUE.format("ministryofjustice/cloud-platform", 3241),
    ),
    (
        "CacheSubnetGroupQuotaExceeded",
        "Service Quotas",
        ISSUE.format("ministryofjustice/cloud-platform", 8455),
    ),
    (
        "The specified backup retention period exceeds the maximum available to free tier customers. To remove all "
        "limitations, upgrade your account plan.",
        "metadataDb.backupRetention: 1",
        ISSUE.format("yc-software/qm", 352),
    ),
    (
        "FreeTierRestrictionError: This instance size isn't available with free plan accounts.",
        "smaller classes",
        ISSUE.format("yc-software/qm", 352),
    ),
    (
        "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log "
        "group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. "
        "Check your network configuration. : signal: killed",
        "does not reach CloudWatch Logs",
        ISSUE.format("civiform/civiform", 7648),
    ),
    (
        "The security token included in the request is invalid (Service: AmazonIdentityManagement; Status Code: 403; "
        "Error Code: InvalidClientTokenId; Request ID: 6b0ab1ae-feac-4c8d-8998-05b70a100f5f)",
        "sign in with MFA",
        ISSUE.format("jenseickmeyer/github-commit-status-bot", 3),
    ),
    (
        "The certificate 'arn:aws:acm:region:XXXXX:certificate/YYYYYY' must have a fully-qualified domain name, a "
        "supported signature, and a supported key size.",
        "https.certificateArn",
        ISSUE.format("hashicorp/terraform-provider-aws", 41789),
    ),
    (
        "CertificateNotFound: Certificate 'arn:aws:acm:us-east-1:1:certificate/1' not found",
        "https.certificateArn",
        ISSUE.format("hashicorp/terraform-provider-aws", 11334),
    ),
)


@pytest.mark.parametrize(("message", "named"), [(message, named) for message, named, _ in MESSAGES])
def test_a_message_that_people_were_shown_has_a_hint(message: str, named: str) -> None:
    assert named in hint(message)


def test_doctor_is_not_said_to_list_what_no_call_lists() -> None:
    assert [each.hint for each in HINTS if "airflow-doctor` lists" in each.hint] == []


def test_what_is_not_known_has_none() -> None:
    assert hint("Internal Failure") == ""
    assert hint("") == ""


def test_being_throttled_is_no_quota_that_one_could_raise() -> None:
    assert hint("Request limit exceeded. (Service: Ec2; Error Code: RequestLimitExceeded)") == ""


@pytest.mark.parametrize("message", [message for message, _, _ in MESSAGES])
def test_a_message_broken_over_lines_is_known_too(message: str) -> None:
    assert hint(message.replace(" ", "\n")) == hint(message)


# In the guides and references, and in no thread that could be found.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html, stopped-task-error-codes.html
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (NatGatewayLimitExceeded)
DOCUMENTED = (
    ("You've reached the limit on the number of tasks you can run concurrently", "quota of Fargate"),
    ("(service x) was unable to place a task. Reason: Your AWS account is currently blocked.", "ask AWS Support"),
    (
        'Resource handler returned message: "This AWS account currently does not support creating load balancers. For '
        'more information, please contact AWS Support. (Service: ElasticLoadBalancingV2, Status Code: 400)"',
        "ask AWS Support",
    ),
    ('Resource handler returned message: "Cannot find version 17.9 for postgres (Service: Rds)"', "engineVersion"),
    (
        "RouteAlreadyExists: route table rtb-0356aef4072409fa5 already has a route with destination-prefix-list-id "
        "pl-63a5400a",
        "createEndpoints: false",
    ),
    (
        "[Tried to create resource record set [name='airflow.example.com.', type='A'] but it already exists]",
        "https.domainName",
    ),
    (
        'Resource handler returned message: "Access Denied for bucket: air-dev-logs. Please check S3bucket permission '
        '(Service: ElasticLoadBalancingV2, Status Code: 400)" (HandlerErrorCode: AccessDenied)',
        "that bucket",
    ),
    (
        "User: arn:aws:iam::1:user/x is not authorized to perform: iam:CreateRole on resource: role air-dev-1 because "
        "no permissions boundary allows the iam:CreateRole action",
        "who keeps that boundary",
    ),
    (
        "ECS was unable to assume the role 'arn:aws:iam::1:role/air-dev-x' that was provided for this task. Please "
        "verify that the role being passed has the proper trust relationship and permissions and that your IAM user "
        "has permissions to pass this role.",
        "who has changed that role",
    ),
    (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed "
        'to create Cloudwatch log stream: RequestError: send request failed caused by: Post "https://logs.eu-west-1'
        '.amazonaws.com/": dial tcp 52.46.1.1:443: i/o timeout : exit status 1',
        "does not reach CloudWatch Logs",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: "
        "There is a connection issue between the task and AWS Secrets Manager. Check your task network configuration.",
        "does not reach AWS",
    ),
    ("You've reached the limit on the number of vCPUs you can run concurrently", "quota of Fargate"),
    ("OutOfMemoryError: Container killed due to memory usage", "more memory"),
    ("exec /usr/local/bin/python: exec format error", "service.architecture"),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: "
        "arn:aws:sts::1:assumed-role/exec/1 is not authorized to perform: ecr:GetAuthorizationToken on resource: *",
        "may not log in to ECR",
    ),
    ("Performing this operation would exceed the limit of 5 NAT gateways (NatGatewayLimitExceeded)", "Service Quotas"),
    ("cache.r9g.large is not a supported node type", "celeryBackend.instanceType"),
)


@pytest.mark.parametrize(("message", "named"), DOCUMENTED)
def test_what_the_user_guides_tell_has_a_hint(message: str, named: str) -> None:
    assert named in hint(message)


def test_no_hint_stands_there_without_a_message_that_proves_it() -> None:
    proven = {hint(message) for message in [*(each[0] for each in MESSAGES), *(each[0] for each in DOCUMENTED)]}
    assert [each.says for each in HINTS if each.hint not in proven] == []
