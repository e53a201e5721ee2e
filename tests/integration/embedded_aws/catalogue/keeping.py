"""Where things are kept, and who may have them: buckets, repositories, secrets, roles."""

from typing import Any

from tests.integration.embedded_aws.catalogue.topic import Question, Topic, policy, resource, sub, tags
from tests.integration.embedded_aws.templates import TASKS_MAY, att, ref

READ = policy("s3:GetObject", "*")
TLS_ONLY = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}, "Principal": "*"}


def keeping(now: int) -> Topic:
    return Topic({**_buckets(now), **_secrets(now), **_roles(now)}, _questions(now), takes=("KeyArn",))


def _buckets(now: int) -> dict[str, Any]:
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": ref("KeyArn")}}
    rules = [
        {
            "Id": "logs",
            "Status": "Enabled",
            "Prefix": "logs/",
            "ExpirationInDays": 90 * now,
            "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": "30"}],
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
        {
            "Id": "old",
            "Status": "Enabled",
            "TagFilters": tags(a=1, b=2),
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 5},
            "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 7}],
        },
    ]
    return {
        "Accesses": resource(
            "AWS::S3::Bucket", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
        ),
        "Bucket": resource(
            "AWS::S3::Bucket",
            VersioningConfiguration={"Status": "Enabled"},
            BucketEncryption={"ServerSideEncryptionConfiguration": [{**encryption, "BucketKeyEnabled": True}]},
            OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            LoggingConfiguration={"DestinationBucketName": ref("Accesses"), "LogFilePrefix": f"s3-{now}/"},
            LifecycleConfiguration={"Rules": rules},
            Tags=tags(now=now),
        ),
        "Fading": resource("AWS::S3::Bucket", **(_said_first() if now == 1 else {})),
        "BucketPolicy": resource(
            "AWS::S3::BucketPolicy",
            Bucket=ref("Bucket"),
            PolicyDocument=policy("s3:*", [att("Bucket", "Arn"), sub("${Bucket.Arn}/*")], **TLS_ONLY),
        ),
        "Repository": resource(
            "AWS::ECR::Repository",
            ImageTagMutability="IMMUTABLE",
            EncryptionConfiguration={"EncryptionType": "KMS", "KmsKey": ref("KeyArn")},
        ),
    }


def _said_first() -> dict[str, Any]:
    """What the first template says of a bucket and the second does not."""
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    return {
        "VersioningConfiguration": {"Status": "Enabled"},
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
        "LoggingConfiguration": {"DestinationBucketName": ref("Accesses")},
        "LifecycleConfiguration": {"Rules": [{"Id": "all", "Status": "Enabled", "ExpirationInDays": 1}]},
    }


def _secrets(now: int) -> dict[str, Any]:
    return {
        "Secret": resource(
            "AWS::SecretsManager::Secret",
            Name="trial/secret",
            Description=f"s{now}",
            KmsKeyId=ref("KeyArn"),
            GenerateSecretString={"PasswordLength": 40, "ExcludePunctuation": True},
            Tags=tags(now=now),
        )
    }


def _roles(now: int) -> dict[str, Any]:
    managed = sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")
    return {
        "Boundary": resource("AWS::IAM::ManagedPolicy", Path="/trial/", PolicyDocument=READ),
        "Role": resource(
            "AWS::IAM::Role",
            Path="/trial/",
            AssumeRolePolicyDocument=TASKS_MAY,
            PermissionsBoundary=ref("Boundary"),
            ManagedPolicyArns=[managed],
            Policies=[{"PolicyName": f"p{now}", "PolicyDocument": READ}],
            Tags=tags(now=now),
        ),
        "Freed": resource(
            "AWS::IAM::Role",
            AssumeRolePolicyDocument=TASKS_MAY,
            **({"PermissionsBoundary": ref("Boundary")} if now == 1 else {}),
        ),
    }


def _questions(now: int) -> list[Question]:
    def s3(operation: str, where: str, expected: Any, bucket: str = "<Bucket>") -> Question:
        return Question("s3", operation, {"Bucket": bucket}, where, expected)

    def role(where: str, expected: Any, name: str = "<Role>") -> Question:
        return Question("iam", "get_role", {"RoleName": name}, f"Role.{where}", expected)

    rule = "ServerSideEncryptionConfiguration.Rules[0]"
    algorithm = f"{rule}.ApplyServerSideEncryptionByDefault"
    return [
        s3("get_bucket_versioning", "Status", "Enabled"),
        s3("get_bucket_versioning", "Status", "Enabled" if now == 1 else "Suspended", "<Fading>"),
        s3("get_bucket_encryption", f"{algorithm}.[SSEAlgorithm, KMSMasterKeyID]", ["aws:kms", "<KeyArn>"]),
        s3("get_bucket_encryption", f"[{rule}.BucketKeyEnabled]", [True]),
        s3("get_bucket_encryption", f"{algorithm}.SSEAlgorithm", "aws:kms" if now == 1 else "AES256", "<Fading>"),
        s3("get_bucket_ownership_controls", "OwnershipControls.Rules[0].ObjectOwnership", "BucketOwnerEnforced"),
        s3(
            "get_bucket_ownership_controls",
            "OwnershipControls.Rules[0].ObjectOwnership",
            "BucketOwnerPreferred",
            "<Accesses>",
        ),
        s3("get_bucket_logging", "LoggingEnabled.[TargetBucket, TargetPrefix]", ["<Accesses>", f"s3-{now}/"]),
        s3("get_bucket_logging", "LoggingEnabled.TargetBucket", "<Accesses>" if now == 1 else None, "<Fading>"),
        s3(
            "get_bucket_lifecycle_configuration",
            "Rules[0].[ID, Filter.Prefix, Expiration.Days, Transitions[0].[Days, StorageClass]]",
            ["logs", "logs/", 90 * now, [30, "STANDARD_IA"]],
        ),
        s3(
            "get_bucket_lifecycle_configuration",
            "Rules[1].[Filter.And.Tags[].Value, NoncurrentVersionExpiration.NewerNoncurrentVersions,"
            " NoncurrentVersionTransitions[0].NoncurrentDays]",
            [["1", "2"], 5, 7],
        ),
        s3("get_bucket_lifecycle_configuration", "Rules[0].Expiration.Days", 1, "<Fading>")
        if now == 1
        else s3("get_bucket_lifecycle_configuration", "Error", "NoSuchLifecycleConfiguration", "<Fading>"),
        s3("get_bucket_policy", "[contains(Policy, 'aws:SecureTransport')]", [True]),
        s3("get_bucket_tagging", "TagSet[?Key=='now'].Value", [f"{now}"]),
        Question(
            "ecr",
            "describe_repositories",
            {"repositoryNames": ["<Repository>"]},
            "repositories[0].[repositoryUri, imageTagMutability, encryptionConfiguration.kmsKey]",
            ["<Repository.RepositoryUri>", "IMMUTABLE", "<KeyArn>"],
        ),
        Question(
            "secretsmanager",
            "describe_secret",
            {"SecretId": "trial/secret"},
            "[ARN, Description, KmsKeyId]",
            ["<Secret>", f"s{now}", "<KeyArn>"],
        ),
        role("[Arn, RoleId, Path]", ["<Role.Arn>", "<Role.RoleId>", "/trial/"]),
        role("PermissionsBoundary.PermissionsBoundaryArn", "<Boundary>"),
        role("PermissionsBoundary.PermissionsBoundaryArn", "<Boundary>" if now == 1 else None, "<Freed>"),
        role("Tags[?Key=='now'].Value", [f"{now}"]),
        Question("iam", "list_role_policies", {"RoleName": "<Role>"}, "PolicyNames", [f"p{now}"]),
        Question(
            "iam",
            "list_attached_role_policies",
            {"RoleName": "<Role>"},
            "AttachedPolicies[].PolicyName",
            ["AmazonECSTaskExecutionRolePolicy"],
        ),
    ]
