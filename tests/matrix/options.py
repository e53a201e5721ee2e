"""The options of service.yml, each with the values worth trying against every value of every other.

An option is a group of settings that are chosen together; the overlay of a value says them as service.yml does. What
does not touch other settings (names, numbers, texts) is one option: as it comes, or all of it changed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from generator.config.environments import merge

Overlay = Mapping[str, Any]
Choice = tuple[str, str]
"""An option and the value chosen for it."""

ACCOUNT = "123456789012"
SECRETS = ("database", "broker", "fernet", "jwt", "session", "admin", "flower")
REGION = "eu-central-1"


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


EXISTING = {
    "vpcId": "vpc-0123456789abcdef0",
    "vpcCidr": "10.20.0.0/16",
    "taskSubnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "loadBalancerSubnetIds": ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"],
    "databaseSubnetIds": ["subnet-0123456789abcdef4", "subnet-0123456789abcdef5"],
}
CERTIFICATE = {"certificateArn": _arn("acm", "certificate/0123-abcd"), "domainName": "air.example.com"}
WITH_ENDPOINTS = {
    **EXISTING,
    "createEndpoints": True,
    "routeTableIds": ["rtb-0123456789abcdef0", "rtb-0123456789abcdef1"],
}


def _subnets(first: int, zones: str) -> dict[str, Overlay]:
    return {
        str(number): {"cidrBlock": f"10.0.{first + number}.0/24", "availabilityZone": zone}
        for number, zone in enumerate(zones, 1)
    }


def _tracking(*measures: str, fewest: int = 1) -> Overlay:
    steps = {"target": 70, "scaleInCooldown": 600, "scaleOutCooldown": 30}
    return {"minCapacity": fewest, "maxCapacity": 4, **dict.fromkeys(measures, steps)}


NETWORK: Mapping[str, Mapping[str, Overlay]] = {
    "network": {
        "public": {},
        "private": {"network": {"mode": "private"}},
        "existing": {"network": {"mode": "existing", "existing": {**EXISTING, "assignPublicIp": True}}},
        "existing with endpoints": {"network": {"mode": "existing", "existing": WITH_ENDPOINTS}},
        "isolated": {"network": {"mode": "isolated"}},
    },
    "ways out": {"one": {}, "in each zone": {"network": {"natGateways": "perZone", "endpointZones": "all"}}},
    "zones": {
        "two": {},
        "three, named": {
            "service": {"cidrBlock": "10.0.0.0/18"},
            "publicSubnet": _subnets(0, "abc"),
            "privateSubnet": _subnets(10, "abc"),
        },
    },
    "more endpoints": {"none": {}, "two": {"network": {"endpoints": ["athena", "glue"]}}},
    "flow logs": {"no": {}, "yes": {"network": {"flowLogs": True}}},
    "egress": {
        "anything": {},
        "nothing": {"network": {"egress": []}},
        "one database": {"network": {"egress": [{"cidrBlock": "192.0.2.0/24", "port": 3306}]}},
    },
    "scheme": {
        "auto": {},
        "internal": {"loadBalancer": {"scheme": "internal"}},
        "internet-facing": {"loadBalancer": {"scheme": "internet-facing"}},
    },
    "https": {
        "none": {},
        "given": {"https": CERTIFICATE},
        "given, with a record": {"https": {**CERTIFICATE, "hostedZoneId": "Z0123456789"}},
        "made": {"https": {"domainName": "air.example.com", "hostedZoneId": "Z0123456789"}},
    },
    "requests": {"not logged": {}, "logged": {"loadBalancer": {"accessLogs": True, "idleTimeout": 90}}},
    "allow list": {"nobody": {}, "two": {"whitelistedIPs": ["198.51.100.0/24", "203.0.113.7/32"]}},
}
DATA: Mapping[str, Mapping[str, Overlay]] = {
    "database": {
        "small": {},
        "postgres in two zones": {
            "metadataDb": {
                "multiAz": True,
                "instanceType": "db.m6g.large",
                "engineVersion": "16",
                "family": "postgres16",
            },
        },
        "aurora": {"metadataDb": {"engine": "aurora-postgresql"}},
        "aurora in two zones": {
            "metadataDb": {
                "engine": "aurora-postgresql",
                "multiAz": True,
                "engineVersion": "16",
                "serverless": {"minCapacity": 1, "maxCapacity": 16},
            }
        },
    },
    "snapshot": {
        "none": {},
        "restored": {
            "metadataDb": {"snapshotIdentifier": "airflow-before"},
            "secrets": {"fernet": _arn("secretsmanager", "secret:fernet-AbCdEf")},
        },
    },
    "database log-in": {
        "by password": {"metadataDb": {"enableIAMDatabaseAuthentication": False}},
        "by IAM too": {"metadataDb": {"enableIAMDatabaseAuthentication": True}},
    },
    "connections": {"derived": {}, "set": {"metadataDb": {"parameters": {"maxConnections": 400}}}},
    "storage": {"grows": {}, "fixed": {"metadataDb": {"allocatedStorage": 50, "maxAllocatedStorage": None}}},
    "broker": {
        "valkey": {},
        "sqs": {"celeryBackend": {"engine": "sqs"}},
        "valkey in two zones": {"celeryBackend": {"numNodes": 2, "azMode": "cross-az", "engineVersion": "7.2"}},
        "redis": {"celeryBackend": {"engine": "redis", "autoMinorVersionUpgrade": False}},
        "redis, three nodes": {
            "celeryBackend": {
                "engine": "redis",
                "engineVersion": "7.0",
                "numNodes": 3,
                "instanceType": "cache.m7g.large",
            }
        },
    },
    "key": {
        "AWS's": {},
        "given": {"kms": {"keyArn": _arn("kms", "key/0123-abcd")}},
        "made": {"kms": {"customerKey": True}},
    },
    "secrets": {
        "made": {},
        "given": {"secrets": {name: _arn("secretsmanager", f"secret:{name}-AbCdEf") for name in SECRETS}},
    },
    "data": {
        "kept": {},
        "thrown away": {"retainData": False},
        "protected": {"metadataDb": {"deletionProtection": True, "backupRetention": 35}},
    },
    "task logs": {"s3": {}, "cloudwatch": {"logging": {"target": "cloudwatch", "retention": 365}}},
}
RUNNING: Mapping[str, Mapping[str, Overlay]] = {
    "flower": {"off": {}, "on": {"service": {"flower": {"enabled": True}}}},
    "worker groups": {
        "none": {},
        "two": {
            "service": {
                "workerGroups": {
                    "big": {"cpu": 2048, "memory": 8192, "concurrency": 2, "desiredCount": 3},
                    "gpu-like": {
                        "queue": "slow",
                        "port": 8793,
                        "autoscaling": _tracking("memory"),
                        "taskPolicies": {
                            "managed": ["AmazonAthenaFullAccess"],
                            "statements": [{"actions": ["glue:Get*"], "resources": ["*"]}],
                        },
                    },
                }
            }
        },
    },
    "autoscaling": {
        "none": {},
        "workers by CPU": {"service": {"workers": {"autoscaling": _tracking("cpu", fewest=0)}}},
        "all by both": {
            "service": {
                name: {"desiredCount": 2, "autoscaling": _tracking("cpu", "memory")}
                for name in ("webserver", "scheduler", "dagProcessor", "triggerer", "workers")
            }
        },
    },
    "spot": {"none": {}, "workers": {"service": {"spot": "workers"}}, "all": {"service": {"spot": "all"}}},
    "hours": {
        "all": {},
        "office": {
            "service": {
                "hours": {"start": "06:30", "stop": "21:15", "days": "MON,WED-FRI", "timezone": "Europe/Berlin"}
            }
        },
    },
    "architecture": {"x86_64": {}, "arm64": {"service": {"architecture": "arm64"}}},
    "alarms": {
        "off": {},
        "on": {"alarms": {"email": "ops@example.com", "queueAge": 600, "freeStorage": 20}},
    },
    "roles": {
        "as they are": {},
        "bounded by an ARN": {
            "iam": {"permissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/bounds/airflow", "path": "/teams/data/"}
        },
        "bounded by a name": {"iam": {"permissionsBoundary": "airflow-bounds"}},
    },
    "secrets backend": {"on": {}, "off": {"airflow": {"secretsBackend": False}}},
    "task policies": {
        "none": {},
        "both": {
            "airflow": {
                "taskPolicies": {
                    "managed": [f"arn:aws:iam::{ACCOUNT}:policy/read-lake", "AmazonAthenaFullAccess"],
                    "statements": [
                        {"actions": ["s3:GetObject", "s3:List*"], "resources": ["arn:${AWS::Partition}:s3:::lake/*"]}
                    ],
                }
            }
        },
    },
    "insights": {"off": {}, "on": {"cloudwatch": {"containerInsights": True}}},
    "airflow": {
        "plain": {},
        "with variables": {
            "airflow": {
                "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/airflow@sha256:{'0' * 64}",
                "options": {"core": {"min_serialized_dag_update_interval": "5"}},
                "variables": {"STAGE": "a stage: with 'quotes' and ${AWS::Nothing}"},
                "secrets": {"LAKE_TOKEN": f"{_arn('secretsmanager', 'secret:lake-AbCdEf')}:token::"},
                "version": "3.3.1",
                "parallelism": 32,
                "taskQueuedTimeout": 3600,
            }
        },
    },
}
REST: Mapping[str, Mapping[str, Overlay]] = {
    "names": {
        "short": {},
        "longest": {
            "environment": "e" * 12,
            "serviceName": "s" * 20,
            "owner": "Team Data: data@example.com",
            "region": REGION,
            "account": ACCOUNT,
            "tags": {"CostCentre": "4711", "data:class": "internal + more"},
        },
    },
    "numbers": {
        "as they come": {},
        "others": {
            "service": {
                "logGroupName": "airflow/components",
                "port": 8443,
                "baseUrl": "https://proxy.example.com/airflow",
                "webserver": {"cpu": 1024, "memory": 2048, "port": 9080, "desiredCount": 2},
                "scheduler": {"cpu": 512, "memory": 2048, "desiredCount": 2},
                "dagProcessor": {"cpu": 512, "memory": 1024, "desiredCount": 2},
                "triggerer": {"cpu": 512, "memory": 2048, "port": 9794, "desiredCount": 2},
                "workers": {
                    "cpu": 1024,
                    "memory": 4096,
                    "port": 9793,
                    "concurrency": 8,
                    "queue": "main",
                    "desiredCount": 2,
                },
                "flower": {"cpu": 512, "memory": 1024, "port": 6555, "desiredCount": 1},
            },
            "metadataDb": {"port": 5433, "dbName": "metadata"},
            "celeryBackend": {"port": 6380, "visibilityTimeout": 3600},
            "image": {
                "base": "mirror.example.com/apache/airflow:3.3.2-python3.12",
                "packageIndex": "https://pypi.example.com/simple",
                "debianMirror": "https://mirrors.example.com",
                "refresh": "2026-11",
            },
            "ecr": {"imagesLifecycleCount": 50},
            "cloudwatch": {"ecsLogGroup": {"retention": 7}},
            "airflow": {"adminUser": "root.user", "adminEmail": "root@example.com"},
        },
    },
}
OPTIONS = {**NETWORK, **DATA, **RUNNING, **REST}

# With everything on, an option has its last value, except where another one makes more.
MOST = {name: list(values)[-1] for name, values in OPTIONS.items()} | {
    "secrets": "made",
    "snapshot": "none",
    "egress": "anything",
    "roles": "bounded by an ARN",
    "secrets backend": "on",
}
MINIMUM = {"environment": "dev", "serviceName": "air", "owner": "data"}


def overlaid(choices: Iterable[Choice]) -> dict[str, Any]:
    """What service.yml says when these values are chosen; the other options are as they come."""
    data: dict[str, Any] = dict(MINIMUM)
    for option, value in choices:
        data = merge(data, dict(OPTIONS[option][value]))
    return data


def everything_on() -> dict[str, Any]:
    """What service.yml says when everything that can be had is wanted."""
    return overlaid(MOST.items())
