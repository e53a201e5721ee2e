"""The foundation: what must have content before the rest can exist, in a stack of its own that is removed last."""

import json

from troposphere import GetAtt, Output, Ref, Template
from troposphere.ecr import ImageScanningConfiguration, LifecyclePolicy, Repository

from generator.config.settings import Settings
from generator.stacks.data import bucket, kept
from generator.stacks.nesting import stack_template


def build(settings: Settings) -> Template:
    """Bucket of the templates and repository of the image."""
    template = stack_template(f"Airflow on AWS: what {settings.stack_name} is deployed from")
    templates = template.add_resource(bucket("TemplatesBucket"))
    repository = template.add_resource(kept(_repository(settings), settings))
    if not settings.retain_data:
        repository.EmptyOnDelete = True
    template.add_output(Output("TemplatesBucket", Description="Bucket of the templates", Value=Ref(templates)))
    template.add_output(
        Output("RepositoryUri", Description="Repository of the image", Value=GetAtt(repository, "RepositoryUri"))
    )
    return template


def _repository(settings: Settings) -> Repository:
    rule = {
        "rulePriority": 1,
        "description": "Keep the newest images",
        "selection": {
            "tagStatus": "any",
            "countType": "imageCountMoreThan",
            "countNumber": settings.ecr.images_lifecycle_count,
        },
        "action": {"type": "expire"},
    }
    return Repository(
        "ImageRepository",
        ImageTagMutability="IMMUTABLE",
        ImageScanningConfiguration=ImageScanningConfiguration(ScanOnPush=True),
        LifecyclePolicy=LifecyclePolicy(LifecyclePolicyText=json.dumps({"rules": [rule]})),
    )
