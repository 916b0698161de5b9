"""The calls that Prowler makes, in its order: is the hub on, is the product enabled, import in
chunks of 100, archive what is gone by sending the hub's own answer back (behaviour.md section 9)."""

from boto3_client import connect, refused, subscribe
from findings import accounts, chunks, finding
from suite import Suite, contains, equal, members

suite = Suite("prowler")
fresh = accounts(400000000000)
REGION = "eu-central-1"
PRODUCT = f"arn:aws:securityhub:{REGION}::product/prowler/prowler"


def scan(account, count, **changes):
    """The findings of one run: the members that Prowler's output has."""
    return [
        finding(
            account,
            f"prowler-check-{n}-{account}-{REGION}-0123456789ab",
            REGION,
            ProductArn=PRODUCT,
            RecordState="ACTIVE",
            ProductFields={"ProviderName": "Prowler", "ProviderVersion": "5.0.0", "ProwlerResourceName": f"resource-{n}"},
            Compliance={"Status": "FAILED", "RelatedRequirements": ["CIS-1.5 1.1"], "AssociatedStandards": [{"StandardsId": "CIS-1.5"}]},
            Remediation={"Recommendation": {"Text": "Do it.", "Url": "https://example.com/check"}},
            **changes,
        )
        for n in range(count)
    ]


def scanner(account):
    """Whoever runs Prowler has enabled its product first."""
    hub = connect(account, REGION)
    subscribe(hub, PRODUCT)
    return hub


def sent(hub, findings):
    """Prowler reads the counts, and the first of the failures."""
    success = 0
    for chunk in chunks(findings):
        answer = hub.batch_import_findings(Findings=chunk)
        if answer["FailedCount"] > 0:
            raise AssertionError(f"not imported: {answer['FailedFindings'][0]}")
        success += answer["SuccessCount"]
    return success


@suite.test
def finds_its_subscription_on_the_first_page():
    account = next(fresh)
    hub = scanner(account)
    members(hub.describe_hub(), {"HubArn": f"arn:aws:securityhub:{REGION}:{account}:hub/default"}, "hub")
    subscription = f"arn:aws:securityhub:{REGION}:{account}:product-subscription/prowler/prowler"
    contains(str(hub.list_enabled_products_for_import()), subscription, "first page")


@suite.test
def is_told_that_the_hub_is_off_in_the_words_it_knows():
    account = next(fresh)
    hub = connect(account, REGION)
    hub.disable_security_hub()
    error = refused(hub.describe_hub, "InvalidAccessException", 401)
    equal(error.response["Error"]["Message"], f"Account {account} is not subscribed to AWS Security Hub", "message")


@suite.test
def imports_in_chunks_and_archives_with_the_hubs_own_answer():
    account = next(fresh)
    hub = scanner(account)
    equal(sent(hub, scan(account, 230)), 230, "imported")
    filters = {"ProductName": [{"Value": "Prowler", "Comparison": "EQUALS"}], "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}
    filters |= {"AwsAccountId": [{"Value": account, "Comparison": "EQUALS"}], "Region": [{"Value": REGION, "Comparison": "EQUALS"}]}
    pages = hub.get_paginator("get_findings").paginate(Filters=filters, PaginationConfig={"PageSize": 100})
    active = [one for page in pages for one in page["Findings"]]
    equal(len(active), 230, "active findings")
    # The second run found less: the rest is archived by importing what the hub said, whole.
    for one in active[30:]:
        one["RecordState"] = "ARCHIVED"
        one["UpdatedAt"] = "2024-06-01T00:00:00Z"
    equal(sent(hub, active[30:]), 200, "archived")
    pages = hub.get_paginator("get_findings").paginate(Filters=filters, PaginationConfig={"PageSize": 100})
    equal(sorted(one["Id"] for page in pages for one in page["Findings"]), sorted(one["Id"] for one in active[:30]), "still active")


@suite.test
def what_the_hub_answers_comes_back_unchanged():
    account = next(fresh)
    hub = scanner(account)
    equal(sent(hub, scan(account, 1)), 1, "imported")
    [before] = hub.get_findings()["Findings"]
    again = {**before, "RecordState": "ARCHIVED", "UpdatedAt": "2024-06-01T00:00:00Z"}
    equal(sent(hub, [again]), 1, "archived")
    [after] = hub.get_findings()["Findings"]
    # The hub's own time of processing is the one thing that it sets anew.
    equal({**after, "ProcessedAt": ""}, {**again, "ProcessedAt": ""}, "finding")


@suite.signed_only
def is_told_that_its_product_is_not_enabled():
    account = next(fresh)
    hub = connect(account, REGION)
    equal("prowler" in str(hub.list_enabled_products_for_import()), False, "a subscription")
    [failed, *others] = hub.batch_import_findings(Findings=scan(account, 100))["FailedFindings"]
    equal((failed["ErrorCode"], len(others)), ("InvalidAccess", 99), "failures")
    contains(failed["ErrorMessage"], PRODUCT, "message")


if __name__ == "__main__":
    suite.run()
