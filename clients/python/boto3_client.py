"""Connections of boto3 to the hub, and how its typed exceptions are expected."""

import boto3
from botocore.config import Config

from suite import contains, equal

# One session: the service model of 1.5 MB is read once and not for every connection.
_session = boto3.session.Session()


def connect(account, region="us-east-1", **config):
    """A client whose access key id is the account. The endpoint comes from
    AWS_ENDPOINT_URL_SECURITYHUB, as it would for anybody's unmodified program."""
    return _session.client(
        "securityhub",
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="not-checked",
        config=Config(retries={"max_attempts": 1}, **config),
    )


def refused(call, code, status, text=""):
    """The call fails with this error, typed where the model has it, and is not retried into
    something else."""
    try:
        answer = call()
    except Exception as error:
        # A failure of the connection or of the client's own checks has no response: it must not pass.
        response = getattr(error, "response", None)
        if response is None:
            raise
        equal(response["Error"]["Code"], code, "code")
        equal(response["ResponseMetadata"]["HTTPStatusCode"], status, "status")
        contains(response["Error"]["Message"], text, "message")
        return error
    raise AssertionError(f"no {code}, but {answer!r}"[:800])


def read(hub, id):
    """The one finding with this id."""
    found = hub.get_findings(Filters={"Id": [{"Value": id, "Comparison": "EQUALS"}]})["Findings"]
    equal(len(found), 1, f"findings with Id {id}")
    return found[0]


def imported(hub, *sent):
    """Imports findings of which none may fail."""
    answer = hub.batch_import_findings(Findings=list(sent))
    equal(answer["FailedFindings"], [], "FailedFindings")
    equal((answer["SuccessCount"], answer["FailedCount"]), (len(sent), 0), "counts")


def identifier(one):
    return {"Id": one["Id"], "ProductArn": one["ProductArn"]}


def ids(answer):
    return [one["Id"] for one in answer["Findings"]]
