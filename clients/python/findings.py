"""The findings that the suites send: small ones made here, and real ones of the corpus."""

import csv
import itertools
import json
import os
import pathlib
import re

SHARED = pathlib.Path(os.environ.get("FINDINGHUB_SHARED", pathlib.Path(__file__).resolve().parents[3] / "shared"))
SEEDS = SHARED / "reference" / "seeds"
CORPUS = SHARED / "corpus" / "asff"

# What precedes every verdict of the format's check (behaviour.md section 1.4).
NOT_ADHERING = "Finding does not adhere to Amazon Finding Format. "


def accounts(first):
    """Account ids that no other test uses, counting from the given one, so that every test starts
    with an empty hub: with --dev a 12-digit access key id is the account, and without it
    clients/identities.sh declares 64 from each."""
    return (str(n) for n in itertools.count(first))


def default_product(account, region="us-east-1"):
    return f"arn:aws:securityhub:{region}:{account}:product/{account}/default"


def finding(account, id, region="us-east-1", **changes):
    """The least that the format accepts, with some members changed."""
    return {
        "SchemaVersion": "2018-10-08",
        "Id": id,
        "ProductArn": default_product(account, region),
        "GeneratorId": "clients/real",
        "AwsAccountId": account,
        "CreatedAt": "2024-01-01T00:00:00.000Z",
        "UpdatedAt": "2024-01-01T00:00:00.000Z",
        "Title": f"Title of {id}",
        "Description": f"Description of {id}",
        "FindingProviderFields": {
            "Severity": {"Label": "MEDIUM", "Original": "5"},
            "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
        },
        "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::bucket-{id}", "Partition": "aws", "Region": region}],
        **changes,
    }


def oversize(account, id):
    """A finding of more than 240 KB in which no single member is too long: 6 resources with
    50 details of 1,000 characters each."""
    details = {"Other": {f"key{n}": "x" * 1000 for n in range(50)}}
    resources = [{"Type": "Other", "Id": f"resource-{n}", "Details": details} for n in range(6)]
    return finding(account, id, Resources=resources)


def clean_corpus():
    """The real findings that INDEX.tsv calls clean, by the account and region that they were
    made in. A finding whose identity was seen before is left out: it would be an update."""
    groups, seen = {}, set()
    with open(CORPUS / "INDEX.tsv", newline="", encoding="utf-8") as index:
        for row in csv.reader(index, delimiter="\t"):
            if row[1] != "clean":
                continue
            one = json.loads((CORPUS / f"{row[0]}.json").read_text(encoding="utf-8"))
            identity = (one["AwsAccountId"], one["ProductArn"], one["Id"])
            if identity not in seen:
                seen.add(identity)
                groups.setdefault((one["AwsAccountId"], one["ProductArn"].split(":")[3]), []).append(one)
    return groups


def seed_commands():
    """The commands of the seed's examples, in order: JSON syntax, then shorthand."""
    [page] = SEEDS.glob("001_*.txt")
    blocks = re.findall(r"```\n(aws securityhub batch-update-findings.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    if len(blocks) != 2:
        raise AssertionError(f"{page} holds {len(blocks)} examples, want 2")
    return blocks


def chunks(items, size=100):
    """Slices as long as one request may carry."""
    return [items[i : i + size] for i in range(0, len(items), size)]
