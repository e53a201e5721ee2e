"""What to do about failures that many have run into: their words as AWS puts them, and a way on. Pure data."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deployer.errors import one_line

_QUOTA_CONSOLE = "ask for more at Service Quotas in the AWS console"
_LOG = "its log says why (`make airflow-outputs` shows how to read it)"


@dataclass(frozen=True)
class Hint:
    """`says` is a regular expression of AWS's words, in any case of letters; `hint` what to do, in a line."""

    says: str
    hint: str


# The first that fits is told, so what says more stands before what says less. Each is tested with messages that people
# have reported; the threads are named there.
HINTS = (
    # Names and quotas
    Hint(r"already scheduled for deletion", "restore that secret (`aws secretsmanager restore-secret`) and name it in"
         " service.yml under secrets, or delete it at once (`aws secretsmanager delete-secret"
         " --force-delete-without-recovery`); then run it again"),
    Hint(r"maximum number of VPCs", f"a quota: remove a VPC that nobody uses, or {_QUOTA_CONSOLE} (VPCs per Region);"
         " or use one that is there (network.mode: existing)"),
    Hint(r"maximum number of addresses|AddressLimitExceeded", "a quota: release an elastic IP that nobody uses"
         f" (`aws ec2 describe-addresses`), or {_QUOTA_CONSOLE} (EC2-VPC Elastic IPs)"),
    Hint(r"limit on the number of (vCPUs|(spot )?tasks)", f"a quota of Fargate: {_QUOTA_CONSOLE} (Fargate"
         " On-Demand or Spot vCPU resource count), or take smaller or fewer tasks"),
    Hint(r"DB Instance quota exceeded|InstanceQuotaExceeded", f"a quota of RDS: remove a database, or {_QUOTA_CONSOLE}"
         " (DB instances)"),
    Hint(r"conflicts with another subnet", "these addresses are taken in that VPC: choose others (service.cidrBlock"
         " and the subnets' in service.yml)"),
    Hint(r"conflicting DNS domain", "the VPC has an endpoint for this service already: leave ours out"
         " (network.existing.createEndpoints: false)"),
    Hint(r"already has a route with destination-prefix-list", "the route table leads to an endpoint of this service"
         " already: take it out of that endpoint, or leave ours out (network.existing.createEndpoints: false)"),
    Hint(r"Tried to create resource record set.*already exists", "the hosted zone has this name already: remove that"
         " record, or choose another https.domainName"),
    Hint(r"AlreadyExists|already exists", "the name is taken: if it is left from an earlier deploy and nobody needs it,"
         " remove it, or choose another serviceName; then run it again"),
    # What an account may not do yet
    Hint(r"backup retention period exceeds the maximum available to free tier", "an account on AWS's free plan: write"
         " metadataDb.backupRetention: 1, or upgrade the account's plan"),
    Hint(r"FreeTierRestriction|available with free plan accounts", "an account on AWS's free plan: choose smaller"
         " classes (db.t4g.micro, cache.t4g.micro), or upgrade the account's plan"),
    Hint(r"account currently does not support creating load balancers|account is currently blocked|PendingVerification",
         "AWS has not opened the account for this yet: ask AWS Support (Account and billing, which is free)"),
    # What region and zones have
    Hint(r"RDS does not support creating a DB instance with the following combination", "RDS does not offer this class"
         " with this engine here: choose another metadataDb.instanceType or engineVersion (`aws rds"
         " describe-orderable-db-instance-options` lists them)"),
    Hint(r"Cannot find version \S+ for", "RDS does not offer this version here: choose another"
         " metadataDb.engineVersion (`aws rds describe-db-engine-versions` lists them)"),
    Hint(r"CannotPullContainer\w*: .*(i/o timeout|deadline exceeded|connection refused|no such host)",
         "the task does not reach the registry: it needs a way out (network.mode), or the endpoints of ECR and the"
         " gateway to S3"),
    Hint(r"InsufficientDBInstanceCapacity|no availability zones with sufficient capacity", "AWS has none of this class"
         " left at the moment: try again later, or choose another metadataDb.instanceType"),
    Hint(r"InsufficientCacheClusterCapacity", "this zone does not have the node type, or none left: try again later,"
         " or choose another celeryBackend.instanceType"),
    Hint(r"is not a supported node type", "ElastiCache does not offer this node type here: choose another"
         " celeryBackend.instanceType"),
    Hint(r"(not supported|not available) in (your requested|the) availability zone|InsufficientInstanceCapacity",
         "that zone does not have it: choose another class, or other zones"),
    Hint(r"Capacity is unavailable", "Fargate has no machine left in these zones at the moment: run it again later, or"
         " do without Spot (service.spot)"),
    Hint(r"Availability Zone (\(AZ\) )?coverage requirement", "the database wants subnets in two zones or more"),
    # Rights and roles
    Hint(r"assume the service.linked role", "the account has none for ECS yet, and it takes a moment to come about:"
         " `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`, then run it again"),
    Hint(r"(service|resource) control policy", "a policy of the organisation forbids it: only who keeps that can"
         " allow it"),
    Hint(r"no permissions boundary allows", "whoever deploys is bound by a permissions boundary that does not allow it:"
         " only who keeps that boundary can"),
    Hint(r"explicit deny", "a policy denies it outright, whatever others allow; the message ends with the kind of that"
         " policy: identity-based is one of whoever deploys"),
    # Images, secrets, tasks
    Hint(r"CannotPullContainer\w*: .*(40[13] Forbidden|40[13] Unauthorized|access denied|no basic auth)",
         "the task may not pull the image: its repository's policy, or the way to S3 from where ECR hands out layers"),
    Hint(r"CannotPullContainer\w*: .*(not found|does not exist|manifest unknown)", "the registry does not have this"
         " image: push it with `make airflow-push-image`, or name one that exists (airflow.image)"),
    Hint(r"CannotPullContainer\w*: .*(toomanyrequests|429 Too Many Requests)", "the registry lets nobody pull that"
         " often: wait, or use an image in ECR (airflow.image; ECR can also pull through)"),
    Hint(r"CannotPullContainer", "see that the image exists, and that tasks reach its registry (network.mode)"),
    Hint(r"(logger args|Cloudwatch log stream).*(connection issue|timeout|RequestError|deadline exceeded|: killed)",
         "the task does not reach CloudWatch Logs: it needs a way out (network.mode), or an endpoint for logs"),
    Hint(r"unable to assume the role", "the task's role is gone, or does not trust ECS any more, or is so new"
         " that AWS does not know it everywhere: run it again; if it stays, see who has changed that role"),
    Hint(r"unable to pull secrets.*(connection issue|timeout|RequestError|deadline exceeded|send request failed)",
         "the task does not reach AWS: it needs a way out (network.mode), or endpoints for Secrets Manager, ECR"
         " and logs"),
    Hint(r"unable to retrieve ecr registry auth.*AccessDenied", "the task's execution role may not log in to ECR"
         " (ecr:GetAuthorizationToken): see that role's policies, and who denies it"),
    Hint(r"(logger args|Cloudwatch log stream).*AccessDenied", "the task's execution role may not write to its log"
         " group: see that role's policies, and that of the key which the group is encrypted with"),
    Hint(r"unable to pull secrets.*AccessDenied", "the task's execution role may not read a secret, or not use the key"
         " that it is encrypted with: see airflow.secrets, secrets and kms, and that secret's or key's policy"),
    Hint(r"unable to pull secrets.*(ResourceNotFound|can't find|failed to fetch secret)", "a secret that service.yml"
         " names is not there, or may not be read: see airflow.secrets and secrets"),
    Hint(r"exec format error", "the image is for another architecture than the tasks': build it for"
         " service.architecture"),
    Hint(r"OutOfMemory", "the component needs more memory: raise it in service.yml"),
    Hint(r"failed (container|ELB) health checks", f"it started, and was not well in time: {_LOG}"),
    Hint(r"Deployment Circuit Breaker was triggered", f"tasks of it did not start, or did not stay healthy: {_LOG}"),
    Hint(r"did not stabilize", f"AWS has waited for hours, and it was never ready; if it is a service, {_LOG}"),
    Hint(r"security token included in the request is invalid", "these credentials may not call IAM, which takes no"
         " session of a user without MFA: sign in with MFA, by SSO (`aws sso login`) or with a role, and run it again"),
    Hint(r"Access Denied for bucket", "a load balancer may not write to that bucket: see the bucket's policy, and that"
         " S3's own keys encrypt it (loadBalancer.accessLogs)"),
    Hint(r"not authorized to perform|AccessDenied|Access Denied", "whoever deploys lacks this permission:"
         " `make airflow-permissions` prints those that AWS's documents name; allow one that is not among them beside"),
    # Certificates
    Hint(r"must have a fully-qualified domain name|UnsupportedCertificate", "the certificate is not issued yet, or not"
         " of a kind that a load balancer takes: see https.certificateArn"),
    Hint(r"CertificateNotFound|certificate .* not found", "the certificate must be in the region of the deploy"
         " (https.certificateArn)"),
    # What no other hint names
    Hint(r"maximum number of|(?<!Request)LimitExceeded\b|Quota(ForCustomer)?Exceeded|exceed (the )?(quota|limit)",
         f"a quota: remove what nobody uses of it, or {_QUOTA_CONSOLE}"),
)  # fmt: skip


def hint(text: str) -> str:
    """Say what to do about a failure in AWS's words; empty for one that is not known here."""
    said = one_line(text)
    return next((each.hint for each in HINTS if re.search(each.says, said, re.IGNORECASE)), "")
