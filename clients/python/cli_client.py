"""Running the AWS CLI, and how its errors are expected.

The command is taken from AWS_CLI, its major version from AWS_CLI_MAJOR; AWS_CLI_ENDPOINT=option
says that this version is too old to know AWS_ENDPOINT_URL_SECURITYHUB (2.13 was the first).
"""

import datetime
import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import tempfile
import urllib.parse
import urllib.request

from keys import SIGNED, key
from suite import contains, equal

AWS = os.environ["AWS_CLI"]
V2 = os.environ.get("AWS_CLI_MAJOR") == "2"
ENDPOINT = ["--endpoint-url", os.environ["AWS_ENDPOINT_URL_SECURITYHUB"]] if os.environ.get("AWS_CLI_ENDPOINT") == "option" else []
# The CLI keeps the sessions of profiles in its user's home: those of an earlier hub would not do here.
_home = tempfile.TemporaryDirectory(prefix="findinghub-home.")
_on = set()


class Refused(Exception):
    """The CLI ended with an error; the text is what it wrote to stderr."""


def aws(account, *arguments, region="us-east-1", on=True):
    """Runs one command of the account's administrator and gives back what it printed, parsed. None
    is no output."""
    return parsed(text(account, *arguments, "--output", "json", region=region, on=on))


def parsed(out):
    return json.loads(out) if out.strip() else None


def text(account, *arguments, region="us-east-1", on=True):
    """What a command printed. Without --dev the account's hub is enabled before the first one; on
    is false where a test takes that in its own hands, from there on."""
    if SIGNED and "--generate-cli-skeleton" not in arguments and (account, region) not in _on:
        _on.add((account, region))
        if on:
            enable(account, region)
    return run(user(account), "securityhub", *arguments, region=region)


def enable(account, region):
    """Enables a hub as enable-security-hub does, which the suites test elsewhere. It is signed here and
    not by the CLI, whose every start takes a second: each test has an account of its own."""
    endpoint = os.environ["AWS_ENDPOINT_URL_SECURITYHUB"]
    id, secret = key(account)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    body, scope = b"{}", [now[:8], region, "securityhub", "aws4_request"]
    host = urllib.parse.urlsplit(endpoint).netloc
    canonical = f"POST\n/accounts\n\nhost:{host}\nx-amz-date:{now}\n\nhost;x-amz-date\n{hashlib.sha256(body).hexdigest()}"
    signed = f"AWS4-HMAC-SHA256\n{now}\n{'/'.join(scope)}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    derived = f"AWS4{secret}".encode()
    for part in [*scope, signed]:
        derived = hmac.digest(derived, part.encode(), "sha256")
    header = f"AWS4-HMAC-SHA256 Credential={id}/{'/'.join(scope)}, SignedHeaders=host;x-amz-date, Signature={derived.hex()}"
    headers = {"Authorization": header, "X-Amz-Date": now, "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(endpoint + "/accounts", body, headers), timeout=120).close()


def subscribe(account, product, region="us-east-1"):
    """Lets the hub take a product's findings; without --dev all but an account's own and those of
    the cloud's services need it."""
    if SIGNED and "::product/aws/" not in product and not product.endswith("/default"):
        aws(account, "enable-import-findings-for-product", "--product-arn", product, region=region)


def user(account, name="admin"):
    """The environment that makes the CLI a user of an account."""
    id, secret = key(account, name)
    return {"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret}


def run(who, *arguments, region="us-east-1"):
    """Runs the CLI with the variables that say who it is. Neither the user's files nor his keys
    may decide that."""
    own = {"HOME": _home.name, "AWS_DEFAULT_REGION": region, "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}
    own |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") or k.startswith("AWS_ENDPOINT_URL_")}
    done = subprocess.run([AWS, *ENDPOINT, *arguments], env=kept | own | who, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise Refused(done.stderr.strip())
    return done.stdout


def refused(call, code, operation, part=""):
    """The command fails with the service's error and its text, and not for a reason of its own."""
    try:
        answer = call()
    except Refused as error:
        contains(str(error), f"An error occurred ({code}) when calling the {operation} operation", "stderr")
        contains(str(error), part, "stderr")
        return
    raise AssertionError(f"no {code}, but {answer!r}"[:800])


def imported(account, *sent, region="us-east-1"):
    answer = aws(account, "batch-import-findings", "--findings", json.dumps(sent), region=region)
    equal(answer, {"FailedCount": 0, "SuccessCount": len(sent), "FailedFindings": []}, "answer")


def read(account, id, region="us-east-1"):
    filters = json.dumps({"Id": [{"Value": id, "Comparison": "EQUALS"}]})
    found = aws(account, "get-findings", "--filters", filters, region=region)["Findings"]
    equal(len(found), 1, f"findings with Id {id}")
    return found[0]


def pair(one):
    return {"Id": one["Id"], "ProductArn": one["ProductArn"]}


def shorthand(one):
    return f"Id={one['Id']},ProductArn={one['ProductArn']}"


class File:
    """A file for file:// that is gone afterwards."""

    def __init__(self, content, suffix=".json"):
        self.content, self.suffix = content, suffix

    def __enter__(self):
        handle, self.name = tempfile.mkstemp(suffix=self.suffix)
        os.close(handle)
        pathlib.Path(self.name).write_text(self.content, encoding="utf-8")
        return f"file://{self.name}"

    def __exit__(self, *_):
        os.unlink(self.name)
