"""The foundation: what must have content before the rest can exist, in a stack of its own that is removed last."""

import json
from collections.abc import Mapping

from troposphere import GetAtt, Output, Ref, Template
from troposphere.ecr import EncryptionConfiguration, ImageScanningConfiguration, LifecyclePolicy, Repository
from troposphere.kms import Alias, Key

from generator.config.settings import Settings
from generator.stacks import resource_policies
from generator.stacks.data import OWN_KEY, accepted, bucket, kept, passing
from generator.stacks.nesting import Value, stack_template

RELEASE_PREFIX = "release-"  # of the tag that the deployer gives an image before it rolls out
NEVER_REACHED = 9999  # releases, of which the deployer keeps ecr.imagesLifecycleCount


def build(settings: Settings) -> Template:
    """Bucket of the templates, repository of the image, and with kms.customerKey the key that encrypts everything.

    Templates never expire, as CloudFormation may ask again for the one that a stack was made from; they go with the
    stack, as whoever deploys has them in a repository.
    """
    template = stack_template(f"Airflow on AWS: what {settings.stack_name} is deployed from")
    key_arn = _key_arn(template, settings)
    templates = bucket(template, settings, "TemplatesBucket", key_arn=key_arn, keep=False)
    repository = template.add_resource(kept(_repository(settings, key_arn), settings))
    # Another key makes another repository, and what runs still needs the images of the old one.
    repository.UpdateReplacePolicy = "Retain"
    outputs: dict[str, tuple[str, Value | None]] = {
        "TemplatesBucket": ("Bucket of the templates", Ref(templates)),
        "RepositoryUri": ("Repository of the image", GetAtt(repository, "RepositoryUri")),
        "KeyArn": ("Key that encrypts what is kept", key_arn),
    }
    for name, (description, value) in outputs.items():
        if value is not None:
            template.add_output(Output(name, Description=description, Value=value))
    return template


def _key_arn(template: Template, settings: Settings) -> Value | None:
    """The customer's key: one that exists already, one made here, or none."""
    if settings.kms.key_arn:
        return settings.kms.key_arn
    if not settings.kms.customer_key:
        return None
    key = template.add_resource(kept(_key(settings), settings))
    alias = Alias("EncryptionKeyAlias", AliasName=f"alias/{settings.stack_name}", TargetKeyId=Ref(key))
    template.add_resource(passing(alias))
    return GetAtt(key, "Arn")


def _key(settings: Settings) -> Key:
    return Key(
        "EncryptionKey",
        Description=f"Encrypts what {settings.stack_name} keeps",
        EnableKeyRotation=True,
        KeyPolicy=resource_policies.document(
            resource_policies.key_of_account(), resource_policies.key_for_logs(), resource_policies.key_for_alarms()
        ),
    )


def _lifecycle(settings: Settings) -> str:
    """Return the policy that removes old images, and never one that was released.

    What a rule selects, later ones leave alone: images of releases are for the deployer to remove, which knows those
    in service, and those that a rollback offers.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
    """
    released = {"tagStatus": "tagged", "tagPrefixList": [RELEASE_PREFIX]}
    rules = [
        _kept_images(1, "Images of releases stay", released, NEVER_REACHED),
        _kept_images(2, "The newest others stay", {"tagStatus": "any"}, settings.ecr.images_lifecycle_count),
    ]
    return json.dumps({"rules": rules})


def _kept_images(priority: int, description: str, selected: Mapping[str, object], count: int) -> dict[str, object]:
    """Return a rule that keeps the newest `count` of the selected images."""
    return {
        "rulePriority": priority,
        "description": description,
        "selection": {**selected, "countType": "imageCountMoreThan", "countNumber": count},
        "action": {"type": "expire"},
    }


def _repository(settings: Settings, key_arn: Value | None) -> Repository:
    repository = Repository(
        "ImageRepository",
        ImageTagMutability="IMMUTABLE",
        ImageScanningConfiguration=ImageScanningConfiguration(ScanOnPush=True),
        LifecyclePolicy=LifecyclePolicy(LifecyclePolicyText=_lifecycle(settings)),
    )
    if not settings.retain_data:
        repository.EmptyOnDelete = True
    if key_arn is None:
        return accepted(repository, CKV_AWS_136=OWN_KEY)
    repository.EncryptionConfiguration = EncryptionConfiguration(EncryptionType="KMS", KmsKey=key_arn)
    return repository
