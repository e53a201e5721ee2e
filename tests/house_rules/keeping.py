"""Rules of what holds data: what becomes of it in the end, and how it is encrypted."""

from collections.abc import Callable, Iterator, Mapping

from tests.house_rules.house import House, Resource, Violation, said

RETAINED = ("S3::Bucket", "SecretsManager::Secret", "ECR::Repository", "KMS::Key")
# Templates are in the repository of whoever deploys them.
REPLACEABLE = {("foundation.yml", "TemplatesBucket")}
# Nothing in these is worth keeping: tasks in flight, lines about a network that is gone, Aurora's instances, which only
# compute. A log group with a fixed name must go, or the next deploy finds it in its way.
PASSING = ("ElastiCache::ReplicationGroup", "SQS::Queue", "KMS::Alias")
NAMES = {
    "S3::Bucket": "BucketName",
    "SecretsManager::Secret": "Name",
    "ECR::Repository": "RepositoryName",
    "RDS::DBInstance": "DBInstanceIdentifier",
    "RDS::DBCluster": "DBClusterIdentifier",
    "Logs::LogGroup": "LogGroupName",
}
PUBLIC_ACCESS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def policy_of(resource: Resource) -> str | None:
    """What should become of a resource where data is kept; None where it holds none and nothing need be said."""
    if (resource.file, resource.name) in REPLACEABLE or resource.type in PASSING:
        return "Delete"
    if resource.type in RETAINED:
        return "Retain"
    if resource.type == "RDS::DBCluster":
        return "Snapshot"
    if resource.type == "RDS::DBInstance":
        return "Delete" if "DBClusterIdentifier" in resource.properties else "Snapshot"
    if resource.type == "Logs::LogGroup":
        return "Retain" if resource.name == "TaskLogs" else "Delete"
    return None


def deletion(house: House) -> Iterator[Violation]:
    """What holds data says what becomes of it when it is deleted and when it is replaced, as retainData has it."""
    for resource in house.resources():
        wanted = policy_of(resource)
        if wanted is None:
            continue
        if not house.settings.retain_data:
            wanted = "Delete"
        # Images are needed by what runs when their repository is replaced, in a throw-away environment too.
        replaced = "Retain" if resource.type == "ECR::Repository" else wanted
        for policy, right in (("DeletionPolicy", wanted), ("UpdateReplacePolicy", replaced)):
            if resource.body.get(policy) != right:
                yield resource.breaks(f"{policy} is {resource.body.get(policy)}, not {right}")


def fernet_key(house: House) -> Iterator[Violation]:
    """Where the database stays, the key stays without which nobody can read it."""
    databases = house.resources("RDS::DBInstance", "RDS::DBCluster")
    stays = any(one.body.get("DeletionPolicy") in ("Snapshot", "Retain") for one in databases)
    keys = [one for one in house.resources("SecretsManager::Secret") if one.name == "FernetSecret"]
    for key in keys:
        if stays and key.body.get("DeletionPolicy") != "Retain":
            yield key.breaks("goes, while the database that it opens stays")
    if not keys:
        yield Violation("secrets.yml", "FernetSecret", "is not there")


def names_of_what_stays(house: House) -> Iterator[Violation]:
    """What may stay bears no name that the next deploy would give again."""
    for resource in house.resources(*NAMES):
        name = resource.properties.get(NAMES[resource.type])
        if name is not None and resource.body.get("DeletionPolicy") in ("Retain", "Snapshot"):
            yield resource.breaks(f"is kept and named {name}")


def snapshot_tags(house: House) -> Iterator[Violation]:
    """A snapshot tells whose it is."""
    for resource in house.resources("RDS::DBInstance", "RDS::DBCluster"):
        if policy_of(resource) == "Snapshot" and resource.properties.get("CopyTagsToSnapshot") is not True:
            yield resource.breaks("its snapshots have no tags")


def _bucket(resource: Resource) -> bool:
    return bool(resource.properties.get("BucketEncryption"))


def _database(resource: Resource) -> bool:
    """A snapshot brings its encryption along, a cluster gives it to its instances."""
    decided = {"DBSnapshotIdentifier", "SnapshotIdentifier", "DBClusterIdentifier"} & set(resource.properties)
    return bool(decided) or resource.properties.get("StorageEncrypted") is True


def _broker(resource: Resource) -> bool:
    found = resource.properties
    return found.get("AtRestEncryptionEnabled") is True and found.get("TransitEncryptionEnabled") is True


def _queue(resource: Resource) -> bool:
    return resource.properties.get("SqsManagedSseEnabled") is True or "KmsMasterKeyId" in resource.properties


ENCRYPTED: Mapping[str, Callable[[Resource], bool]] = {
    "S3::Bucket": _bucket,
    "RDS::DBInstance": _database,
    "RDS::DBCluster": _database,
    "ElastiCache::ReplicationGroup": _broker,
    "SQS::Queue": _queue,
}
# Where the customer's key stands. The load balancer writes its logs to no bucket that has one, a database instance
# that was a snapshot keeps its own, and Aurora's instances have that of their cluster.
KEYED = {
    "S3::Bucket": "BucketEncryption",
    "RDS::DBInstance": "KmsKeyId",
    "RDS::DBCluster": "KmsKeyId",
    "ElastiCache::ReplicationGroup": "KmsKeyId",
    "SQS::Queue": "KmsMasterKeyId",
    "SNS::Topic": "KmsMasterKeyId",
    "SecretsManager::Secret": "KmsKeyId",
    "Logs::LogGroup": "KmsKeyId",
    "ECR::Repository": "EncryptionConfiguration",
}
NOT_KEYED = {"AccessLogsBucket"}


def encryption(house: House) -> Iterator[Violation]:
    """All that can be encrypted at rest is."""
    for resource in house.resources(*ENCRYPTED):
        if not ENCRYPTED[resource.type](resource):
            yield resource.breaks("is not encrypted")


def customers_key(house: House) -> Iterator[Violation]:
    """All that can use the customer's key does where there is one, and nothing speaks of it where there is none."""
    for resource in house.resources(*KEYED):
        value = said(resource.properties.get(KEYED[resource.type], ""))
        has = "KeyArn" in value or "EncryptionKey" in value or (house.settings.kms.key_arn or "?") in value
        bound = {"DBSnapshotIdentifier", "DBClusterIdentifier"} & set(resource.properties)
        wanted = house.settings.kms.customer and resource.name not in NOT_KEYED and not bound
        if has != wanted:
            yield resource.breaks("does not have the customer's key" if wanted else "has a key that nobody asked for")


def bucket_privacy(house: House) -> Iterator[Violation]:
    """No bucket can become public, be written to with rights of others, or be reached without TLS."""
    guarded = {
        (policy.file, policy.properties["Bucket"].get("Ref"))
        for policy in house.resources("S3::BucketPolicy")
        if '"aws:SecureTransport": "false"' in said(policy.properties) and '"Deny"' in said(policy.properties)
    }
    for resource in house.resources("S3::Bucket"):
        block = resource.properties.get("PublicAccessBlockConfiguration", {})
        if not all(block.get(name) is True for name in PUBLIC_ACCESS):
            yield resource.breaks("could become public")
        if "BucketOwnerEnforced" not in said(resource.properties.get("OwnershipControls", "")):
            yield resource.breaks("takes objects that are others'")
        if "AbortIncompleteMultipartUpload" not in said(resource.properties.get("LifecycleConfiguration", "")):
            yield resource.breaks("keeps uploads that were never completed")
        if (resource.file, resource.name) not in guarded:
            yield resource.breaks("is reached without TLS")


def queue_privacy(house: House) -> Iterator[Violation]:
    """No queue is reached without TLS."""
    guarded = {
        (policy.file, queue.get("Ref"))
        for policy in house.resources("SQS::QueuePolicy")
        if '"aws:SecureTransport": "false"' in said(policy.properties) and '"Deny"' in said(policy.properties)
        for queue in policy.properties["Queues"]
    }
    for resource in house.resources("SQS::Queue"):
        if (resource.file, resource.name) not in guarded:
            yield resource.breaks("is reached without TLS")


def database_tls(house: House) -> Iterator[Violation]:
    """The database refuses connections without TLS: an instance by its own parameters, Aurora by its cluster's."""
    group = "RDS::DBClusterParameterGroup" if house.settings.metadata_db.aurora else "RDS::DBParameterGroup"
    forcing = [
        one for one in house.resources(group) if one.properties.get("Parameters", {}).get("rds.force_ssl") == "1"
    ]
    if not forcing:
        yield Violation("parameter_groups.yml", group, "does not force TLS")


def broker_secret(house: House) -> Iterator[Violation]:
    """The broker asks for its token, and forgets no task for want of memory."""
    for resource in house.resources("ElastiCache::ReplicationGroup"):
        if "AuthToken" not in resource.properties:
            yield resource.breaks("asks for no token")
    for resource in house.resources("ElastiCache::ParameterGroup"):
        if resource.properties.get("Properties", {}).get("maxmemory-policy") != "noeviction":
            yield resource.breaks("evicts keys, and with them tasks")


def log_retention(house: House) -> Iterator[Violation]:
    """No log group keeps everything for ever."""
    for resource in house.resources("Logs::LogGroup"):
        if not resource.properties.get("RetentionInDays"):
            yield resource.breaks("keeps its lines for ever")


def key_rotation(house: House) -> Iterator[Violation]:
    """A key of ours turns every year."""
    for resource in house.resources("KMS::Key"):
        if resource.properties.get("EnableKeyRotation") is not True:
            yield resource.breaks("does not rotate")


RULES = (
    deletion,
    fernet_key,
    names_of_what_stays,
    snapshot_tags,
    encryption,
    customers_key,
    bucket_privacy,
    queue_privacy,
    database_tls,
    broker_secret,
    log_retention,
    key_rotation,
)
