"""Connections of boto3 to the hub, and how its typed exceptions are expected.

Without --dev hubs are off and products unknown until somebody enables them. connect and subscribe
do so where the suite's tests are not about that; with --dev they do nothing."""

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from keys import SIGNED, key
from suite import contains, equal

# One session: the service model of 1.5 MB is read once and not for every connection.
_session = boto3.session.Session()
_on = set()


def connect(account, region="us-east-1", on=True, **config):
    """A client of the account's administrator, whose hub is enabled unless on is false."""
    hub = client("securityhub", *key(account), region=region, **config)
    if SIGNED and on and (account, region) not in _on:
        _on.add((account, region))
        enabled(hub.enable_security_hub)
    return hub


def client(service, id, secret, token=None, region="us-east-1", **config):
    """A client of securityhub or sts with these keys. The endpoint comes from the variable
    AWS_ENDPOINT_URL_SECURITYHUB or _STS, as it would for anybody's unmodified program."""
    return _session.client(
        service,
        region_name=region,
        aws_access_key_id=id,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"max_attempts": 1}, **config),
    )


def subscribe(hub, product):
    """Lets the hub take a product's findings; a default product or one of the cloud's own needs no leave."""
    if SIGNED and "::product/aws/" not in product and not product.endswith("/default"):
        enabled(lambda: hub.enable_import_findings_for_product(ProductArn=product))


def enabled(call):
    """Somebody may have been faster: another suite of the same hub."""
    try:
        call()
    except ClientError as error:
        equal(error.response["Error"]["Code"], "ResourceConflictException", "code")


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
