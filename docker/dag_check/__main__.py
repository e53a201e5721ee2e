"""`python -P -m dag_check check|facts`: a request as JSON on stdin, the answer as JSON on stdout.

check: {"root": folder, "processes": number, "placeholders": [variable]}
    -> what each DAG file of root/dags says (see dag_check.check)
facts: {"options": [[section, option], ...]} -> what this Airflow is (see dag_check.facts)
"""

import json
import os
import sys


def main(question: str) -> int:
    """Answer one question; what anybody else prints goes to stderr."""
    request = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if question == "check":
        from dag_check.check import check

        said = check(request["root"], request["processes"], request["placeholders"])
    else:
        from dag_check.facts import facts

        said = facts([(section, option) for section, option in request["options"]])
    json.dump(said, answer)
    answer.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
