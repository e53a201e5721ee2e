"""Names as parts of CloudFormation's logical ids, which have letters and digits only."""

import re


def logical_id(name: str) -> str:
    """A name of Python, of a component or of an AWS service as CloudFormation writes it: `subnet_ids` is `SubnetIds`.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html
    """
    return "".join(part.capitalize() for part in re.split("[._-]", name))
