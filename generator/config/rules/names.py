"""Rules of names that are joined from others: what AWS would take for one and the same, or find too long."""

from itertools import combinations

from generator.config.findings import Found, Level, rule
from generator.config.settings import Settings
from generator.logical_ids import logical_id

# https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
LONGEST_ON_A_CERTIFICATE = 64
FOUNDATION = "foundation"


@rule(Level.ERROR)
def groups_collide(settings: Settings) -> Found:
    """Two groups of workers whose names differ in hyphens only: their resources would have one name."""
    for one, other in combinations(settings.service.worker_groups, 2):
        if logical_id(one) == logical_id(other):
            what = f"{other} and {one} become the same in names of resources; rename one of them"
            yield ("service", "workerGroups", other), what


@rule(Level.ERROR)
def queues_collide(settings: Settings) -> Found:
    """Two queues of SQS whose names differ in case, hyphens and underscores only."""
    queues = {group.queue: name for name, group in settings.worker_groups.items()}
    if settings.celery_backend.sqs:
        for one, other in combinations(queues, 2):
            if logical_id(one) == logical_id(other):
                group = queues[other].removeprefix("workers-")
                what = f"queues {other} and {one} become the same in names of resources; rename one of them"
                yield ("service", "workerGroups", group), what


@rule(Level.ERROR)
def environment_reserved(settings: Settings) -> Found:
    """An environment named foundation: its stack would have the name of another's."""
    if settings.environment == FOUNDATION:
        what = f"{settings.stack_name} is the name of {settings.service_name}'s own first stack; name it differently"
        yield ("environment",), what


@rule(Level.WARNING)
def environment_ambiguous(settings: Settings) -> Found:
    """An environment with a hyphen: stacks of another service could have the same names."""
    if "-" in settings.environment:
        other = f"serviceName {settings.service_name}-{settings.environment.partition('-')[0]}"
        yield ("environment",), f"its stacks have the names that {other} would give its own; avoid the hyphen"


@rule(Level.ERROR)
def certificate_name_long(settings: Settings) -> Found:
    """The name that a certificate shall be made for is too long for one."""
    https = settings.https
    if https.hosted_zone_id and not https.certificate_arn and len(https.domain_name) > LONGEST_ON_A_CERTIFICATE:
        what = f"has {len(https.domain_name)} characters; a certificate is made for {LONGEST_ON_A_CERTIFICATE} at most"
        yield ("https", "domainName"), what
