"""boto3: filters, sorting and pages of GetFindings; products, tags and the legacy update."""

from botocore import UNSIGNED

from boto3_client import connect, identifier, ids, imported, read, refused
from findings import accounts, default_product, finding
from suite import Suite, contains, equal, members

suite = Suite("boto3")
fresh = accounts(310000000000)


def equals(value):
    return [{"Value": value, "Comparison": "EQUALS"}]


def triage(account):
    """A hub with four findings that differ in every kind of attribute."""
    hub = connect(account)
    network = {"SourceIpV4": "10.1.2.3", "SourcePort": 443, "Direction": "IN"}
    imported(
        hub,
        finding(account, "a", UpdatedAt="2024-01-04T00:00:00Z", Network=network, Confidence=10, Sample=True),
        finding(account, "b", UpdatedAt="2024-01-03T00:00:00Z", Confidence=50, UserDefinedFields={"team": "blue"}),
        finding(account, "c", UpdatedAt="2024-01-02T00:00:00Z", Compliance={"Status": "FAILED"}, ProductFields={"cve": "CVE-1"}),
        finding(account, "d", RecordState="ARCHIVED", Resources=[{"Type": "AwsEc2Instance", "Id": "i-1", "Tags": {"env": "prod"}}]),
    )
    return hub


def label(hub, **labels):
    """Gives findings their severity as a customer does."""
    for id, value in labels.items():
        hub.batch_update_findings(FindingIdentifiers=[identifier(read(hub, id))], Severity={"Label": value})


# What is asked for, and which of the findings above answer.
FILTERS = [
    ({}, "abcd"),
    ({"Id": equals("b")}, "b"),
    ({"Id": equals("b") + equals("c")}, "bc"),
    ({"Title": [{"Value": "Title of", "Comparison": "PREFIX"}]}, "abcd"),
    ({"Title": [{"Value": "title of", "Comparison": "PREFIX"}]}, ""),
    ({"Id": [{"Value": "b", "Comparison": "NOT_EQUALS"}, {"Value": "c", "Comparison": "NOT_EQUALS"}]}, "ad"),
    ({"Title": [{"Value": "Title", "Comparison": "PREFIX"}, {"Value": "Title of a", "Comparison": "PREFIX_NOT_EQUALS"}]}, "bcd"),
    ({"RecordState": equals("ARCHIVED")}, "d"),
    ({"RecordState": equals("ACTIVE"), "WorkflowStatus": equals("NEW")}, "abc"),
    ({"ComplianceStatus": [{"Value": "FAILED", "Comparison": "NOT_EQUALS"}]}, "abd"),
    ({"Confidence": [{"Gte": 10, "Lte": 49}]}, "a"),
    ({"Confidence": [{"Eq": 10}, {"Gt": 49}]}, "ab"),
    ({"NetworkSourceIpV4": [{"Cidr": "10.1.0.0/16"}]}, "a"),
    ({"NetworkSourcePort": [{"Eq": 443}]}, "a"),
    ({"Sample": [{"Value": True}]}, "a"),
    ({"UserDefinedFields": [{"Key": "team", "Value": "blue", "Comparison": "EQUALS"}]}, "b"),
    ({"ProductFields": [{"Key": "cve", "Value": "CVE-1", "Comparison": "EQUALS"}]}, "c"),
    ({"ResourceTags": [{"Key": "env", "Value": "prod", "Comparison": "NOT_EQUALS"}]}, "abc"),
    ({"ResourceType": equals("AwsEc2Instance")}, "d"),
    ({"ResourceId": [{"Value": "arn:aws:s3:::bucket-", "Comparison": "PREFIX"}]}, "abc"),
    ({"UpdatedAt": [{"Start": "2024-01-02T00:00:00Z", "End": "2024-01-03T00:00:00Z"}]}, "bc"),
    ({"UpdatedAt": [{"DateRange": {"Value": 1, "Unit": "DAYS", "Comparison": "OLDER_THAN"}}]}, "abcd"),
    ({"Type": [{"Value": "Software and Configuration Checks/", "Comparison": "PREFIX"}]}, "abcd"),
    ({"SeverityLabel": equals("HIGH") + equals("CRITICAL"), "RecordState": equals("ACTIVE")}, "bc"),
]


@suite.test
def filters_of_every_kind():
    hub = triage(next(fresh))
    label(hub, a="LOW", b="CRITICAL", c="HIGH", d="HIGH")
    for filters, want in FILTERS:
        equal("".join(sorted(ids(hub.get_findings(Filters=filters)))), want, str(filters))


@suite.test
def the_provider_fields_win_on_a_new_finding_and_the_top_level_later():
    account = next(fresh)
    hub = connect(account)
    imported(hub, finding(account, "both", Severity={"Label": "CRITICAL"}))
    equal(read(hub, "both")["Severity"]["Label"], "MEDIUM", "label of the new finding")
    imported(hub, finding(account, "both", Severity={"Label": "CRITICAL"}, UpdatedAt="2024-01-02T00:00:00Z"))
    equal(read(hub, "both")["Severity"]["Label"], "CRITICAL", "label after the second import")


@suite.test
def sorted_by_time_by_number_and_by_rank():
    hub = triage(next(fresh))
    label(hub, a="LOW", b="CRITICAL", c="HIGH", d="INFORMATIONAL")
    for field, order, want in (
        ("UpdatedAt", "asc", "dcba"),
        ("UpdatedAt", "desc", "abcd"),
        ("SeverityLabel", "asc", "dacb"),
        ("SeverityLabel", "desc", "bcad"),
        ("Id", "desc", "dcba"),
    ):
        got = hub.get_findings(SortCriteria=[{"Field": field, "SortOrder": order}])
        equal("".join(ids(got)), want, f"{field} {order}")
    equal("".join(ids(hub.get_findings())), "abcd", "default order")
    got = ids(hub.get_findings(SortCriteria=[{"Field": "Confidence", "SortOrder": "desc"}]))
    equal("".join(got[:2]), "ba", "Confidence desc, absent values last")


@suite.test
def pages_neither_repeat_nor_skip():
    account = next(fresh)
    hub = connect(account)
    imported(hub, *[finding(account, f"n{n:02}", UpdatedAt=f"2024-02-{n + 1:02}T00:00:00Z") for n in range(25)])
    pages = list(hub.get_paginator("get_findings").paginate(PaginationConfig={"PageSize": 7}))
    equal([len(page["Findings"]) for page in pages], [7, 7, 7, 4], "page sizes")
    equal("NextToken" in pages[-1], False, "the last page has a token")
    equal([id for page in pages for id in ids(page)], [f"n{n:02}" for n in range(24, -1, -1)], "ids")
    first = hub.get_findings(MaxResults=10)
    # Written between two pages: a newer finding must not shift what the second page holds.
    imported(hub, finding(account, "late", UpdatedAt="2024-03-01T00:00:00Z"))
    second = hub.get_findings(MaxResults=10, NextToken=first["NextToken"])
    equal(ids(second), [f"n{n:02}" for n in range(14, 4, -1)], "second page")


@suite.test
def searches_that_are_refused():
    hub = triage(next(fresh))
    token = hub.get_findings(MaxResults=1)["NextToken"]
    names = ["Id", "Title", "ProductArn", "AwsAccountId", "Type", "RecordState", "WorkflowStatus", "ResourceId", "ResourceType", "Region", "GeneratorId"]
    for sent, part in (
        ({"Filters": {"Id": [{"Value": "a", "Comparison": "EQUALS"}, {"Value": "b", "Comparison": "NOT_EQUALS"}]}}, "Id"),
        ({"Filters": {name: equals("x") for name in names}}, ""),
        ({"Filters": {"Id": [e for n in range(21) for e in equals(str(n))]}}, "Id"),
        ({"Filters": {"UpdatedAt": [{"Start": "yesterday"}]}}, "UpdatedAt"),
        ({"Filters": {"NetworkSourceIpV4": [{"Cidr": "10.0.0.0/99"}]}}, "NetworkSourceIpV4"),
        ({"SortCriteria": [{"Field": "Colour", "SortOrder": "asc"}]}, "Colour"),
        ({"MaxResults": 101}, "MaxResults"),
        ({"NextToken": "bm90IGEgdG9rZW4="}, "NextToken"),
        ({"NextToken": token, "Filters": {"Id": equals("a")}}, "NextToken"),
    ):
        error = refused(lambda: hub.get_findings(**sent), "InvalidInputException", 400, part)
        equal(type(error), hub.exceptions.InvalidInputException, "type")
    stranger = connect(next(fresh))
    refused(lambda: stranger.get_findings(NextToken=token), "InvalidInputException", 400)


@suite.test
def accounts_and_regions_do_not_see_each_other():
    account = next(fresh)
    imported(connect(account), finding(account, "mine"))
    equal(connect(next(fresh)).get_findings()["Findings"], [], "another account's findings")
    equal(connect(account, "eu-west-1").get_findings()["Findings"], [], "another region's findings")
    equal(ids(connect(account).get_findings()), ["mine"], "own findings")


@suite.test
def products_are_listed_enabled_and_switched_off():
    account = next(fresh)
    hub = connect(account)
    pages = hub.get_paginator("describe_products").paginate(PaginationConfig={"PageSize": 20})
    products = [p for page in pages for p in page["Products"]]
    arns = [p["ProductArn"] for p in products]
    equal(len(set(arns)), len(arns), "products described once")
    arn = "arn:aws:securityhub:us-east-1::product/prowler/prowler"
    contains(arns, arn, "products")
    [one] = hub.describe_products(ProductArn=arn)["Products"]
    members(one, {"ProductArn": arn, "ProductName": "Prowler"}, "product")
    want = f"arn:aws:securityhub:us-east-1:{account}:product-subscription/prowler/prowler"
    equal(hub.enable_import_findings_for_product(ProductArn=arn)["ProductSubscriptionArn"], want, "subscription")
    listed = hub.get_paginator("list_enabled_products_for_import").paginate(PaginationConfig={"PageSize": 20})
    contains([s for page in listed for s in page["ProductSubscriptions"]], want, "subscriptions")
    error = refused(lambda: hub.enable_import_findings_for_product(ProductArn=arn), "ResourceConflictException", 409)
    equal(type(error), hub.exceptions.ResourceConflictException, "type")
    imported(hub, finding(account, "taken", ProductArn=arn))
    # The ARN travels in the path, its slashes as they are and its colons encoded.
    hub.disable_import_findings_for_product(ProductSubscriptionArn=want)
    listed = hub.get_paginator("list_enabled_products_for_import").paginate(PaginationConfig={"PageSize": 20})
    equal(want in [s for page in listed for s in page["ProductSubscriptions"]], False, "subscription after it was switched off")
    answer = hub.batch_import_findings(Findings=[finding(account, "no", ProductArn=arn), finding(account, "yes")])
    equal((answer["SuccessCount"], answer["FailedCount"]), (1, 1), "counts")
    text = f"Account {account} is not allowed to import findings for product {arn}"
    members(answer["FailedFindings"][0], {"Id": "no", "ErrorCode": "InvalidAccess", "ErrorMessage": text}, "failed finding")
    gone = f"arn:aws:securityhub:us-east-1:{account}:product-subscription/no/such"
    refused(lambda: hub.disable_import_findings_for_product(ProductSubscriptionArn=want), "ResourceNotFoundException", 404)
    refused(lambda: hub.describe_products(ProductArn=gone), "InvalidInputException", 400)


@suite.test
def another_accounts_default_product_is_refused():
    account, stranger = next(fresh), next(fresh)
    answer = connect(account).batch_import_findings(Findings=[finding(account, "x", ProductArn=default_product(stranger))])
    text = f"Account {account} is not allowed to import findings for product {default_product(stranger)}"
    members(answer["FailedFindings"][0], {"ErrorCode": "InvalidAccess", "ErrorMessage": text}, "failed finding")


@suite.test
def tags_come_and_go():
    account = next(fresh)
    hub = connect(account)
    # The ARN's slash is in the path as %2F: the label of the model is not greedy.
    arn = hub.describe_hub()["HubArn"]
    equal(hub.list_tags_for_resource(ResourceArn=arn).get("Tags", {}), {}, "tags of a new hub")
    hub.tag_resource(ResourceArn=arn, Tags={"team": "blue", "cost/centre": "42"})
    hub.tag_resource(ResourceArn=arn, Tags={"team": "red"})
    equal(hub.list_tags_for_resource(ResourceArn=arn)["Tags"], {"team": "red", "cost/centre": "42"}, "tags")
    hub.untag_resource(ResourceArn=arn, TagKeys=["cost/centre", "never-set"])
    equal(hub.list_tags_for_resource(ResourceArn=arn)["Tags"], {"team": "red"}, "tags")
    refused(lambda: hub.tag_resource(ResourceArn=arn, Tags={"aws:x": "y"}), "InvalidInputException", 400)
    refused(lambda: hub.tag_resource(ResourceArn=arn, Tags={f"k{chr(97 + n // 10)}{chr(97 + n % 10)}": "v" for n in range(51)}), "InvalidInputException", 400)
    other = arn.replace(account, next(fresh))
    error = refused(lambda: hub.list_tags_for_resource(ResourceArn=other), "ResourceNotFoundException", 404)
    equal(type(error), hub.exceptions.ResourceNotFoundException, "type")


@suite.test
def legacy_update_reaches_every_match():
    hub = triage(next(fresh))
    note = {"Text": "archived in bulk", "UpdatedBy": "script"}
    hub.update_findings(Filters={"Id": equals("a") + equals("b")}, Note=note, RecordState="ARCHIVED")
    found = hub.get_findings(Filters={"RecordState": equals("ARCHIVED"), "NoteText": equals(note["Text"])})
    equal(sorted(ids(found)), ["a", "b"], "archived with the note")


@suite.dev_only("only --dev takes requests without a signature")
def a_request_without_a_signature_is_the_default_account():
    hub = connect("311111111111", "eu-west-1", signature_version=UNSIGNED)
    equal(hub.describe_hub()["HubArn"], "arn:aws:securityhub:us-east-1:123456789012:hub/default", "HubArn")


@suite.dev_only("only --dev takes any key")
def a_key_that_is_no_account_is_the_default_account():
    hub = connect("AKIAIOSFODNN7EXAMPLE", "eu-west-1")
    equal(hub.describe_hub()["HubArn"], "arn:aws:securityhub:eu-west-1:123456789012:hub/default", "HubArn")


if __name__ == "__main__":
    suite.run()
