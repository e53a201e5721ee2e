"""What no setting says and a bill depends on: one value each, and the sentence that is shown under every table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """A quantity that varies: the least and the most of it."""

    low: float
    high: float

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.high + other.high)

    def times(self, factor: float) -> "Range":
        """Return both ends multiplied."""
        return Range(self.low * factor, self.high * factor)


def exactly(amount: float) -> Range:
    """A quantity that does not vary."""
    return Range(amount, amount)


DAYS_A_MONTH = 365 / 12
TASKS_A_DAY = 1000
LOOKUPS_PER_TASK = 2
TASK_LOG_GB = 0.0001
COMPONENT_LOG_GB = 0.02
# kombu asks SQS anew as soon as a long poll has ended, and its long poll is 10 seconds; a worker asks for its one
# queue, and no remote control runs on SQS. The scheduler only sends: results go to the database.
# https://docs.celeryq.dev/projects/kombu/en/stable/reference/kombu.transport.SQS.html
POLL_SECONDS = 10
REQUESTS_PER_TASK = 3
LCUS = 0.1
AWS_CALLS_GB = 1.0
DAG_TRAFFIC_GB = Range(0, 9)
FLOW_LOG_GB = Range(0.1, 0.5)
ACCESS_LOG_GB = 0.01
IMAGE_GB = 0.5
AURORA_GB = 10
AURORA_IO_MILLIONS = Range(0.5, 2)
AURORA_LEAST_ACU = 0.5
KMS_REQUESTS = 10_000
# A log is kept compressed: https://aws.amazon.com/cloudwatch/pricing/ reckons with 15 per cent in its examples.
KEPT_SHARE_OF_LOGS = 0.15
# Container Insights, as the examples of https://aws.amazon.com/cloudwatch/pricing/ count its metrics.
INSIGHTS_CLUSTER, INSIGHTS_SERVICE, INSIGHTS_TASK = 8, 11, 6

SENTENCES = (
    f"A month is {DAYS_A_MONTH:.1f} days. Prices are AWS's list prices without taxes, discounts and free tiers.",
    f"Airflow runs {TASKS_A_DAY:,} tasks a day; each writes {TASK_LOG_GB * 1e6:.0f} kB of log, which is kept as long as"
    f" logging.retention says, and looks up {LOOKUPS_PER_TASK} connections or variables in Secrets Manager.",
    f"A running component writes {COMPONENT_LOG_GB * 1000:.0f} MB of log a day. CloudWatch keeps logs at"
    f" {KEPT_SHARE_OF_LOGS:.0%} of their size.",
    f"SQS: each worker asks for work every {POLL_SECONDS} s (kombu's long poll), and a task takes {REQUESTS_PER_TASK}"
    " requests: sent, received, deleted.",
    f"The load balancer's work is {LCUS} LCU: people who look at the web interface.",
    f"Calls of AWS's services move {AWS_CALLS_GB:.0f} GB a day, through NAT or endpoints; with NAT, DAGs move"
    f" {DAG_TRAFFIC_GB.low:.0f} to {DAG_TRAFFIC_GB.high:.0f} GB more. S3 and image layers go through S3's gateway"
    " endpoint, which is free. Transfer to the internet and between zones is not counted.",
    f"Flow logs, where on, are {FLOW_LOG_GB.low} to {FLOW_LOG_GB.high} GB a day, access logs"
    f" {ACCESS_LOG_GB * 1000:.0f} MB.",
    f"An image has {IMAGE_GB} GB: between one and ecr.imagesLifecycleCount of them are kept.",
    "The database fits into allocatedStorage; backups are free up to the database's size, and fit into that.",
    f"Aurora holds {AURORA_GB} GB and does {AURORA_IO_MILLIONS.low} to {AURORA_IO_MILLIONS.high:.0f} million I/Os a"
    f" day; while Airflow runs it never rests, so {AURORA_LEAST_ACU} ACU is the least.",
    "A standby (multiAz) costs as much as what it stands for. Outside of service.hours no task runs; all else does.",
    f"A customer's key is asked {KMS_REQUESTS:,} times a day.",
    f"Container Insights makes {INSIGHTS_CLUSTER} metrics for the cluster, {INSIGHTS_SERVICE} for a service and"
    f" {INSIGHTS_TASK} for a task; Airflow's alarms watch two metrics of its own.",
    "Spot prices change from day to day; what is shown is what AWS's page showed at the date of the source.",
)
