"""Names that the templates and the deployer share: outputs of the stacks, and the parameter of the image."""

IMAGE = "Image"  # the root's parameter
CLUSTER = "ClusterName"  # the root's output
REPOSITORY, BUCKET = "RepositoryUri", "TemplatesBucket"  # the foundation's outputs
