"""boto3: the seeds' examples, the hub's switch, import, update and history."""

import datetime

from boto3_client import connect, identifier, imported, read, refused, subscribe
from findings import NOT_ADHERING, accounts, chunks, clean_corpus, default_product, finding, oversize
from suite import Suite, contains, equal, members

suite = Suite("boto3")
fresh = accounts(300000000000)

# The finding of the seed's import sample, in the words of this client.
SAMPLE = {
    "AwsAccountId": "123456789012",
    "CreatedAt": "2020-05-27T17:05:54.832Z",
    "Description": "Vulnerability in a CloudTrail trail",
    "FindingProviderFields": {
        "Severity": {"Label": "LOW", "Original": "10"},
        "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
    },
    "GeneratorId": "TestGeneratorId",
    "Id": "Id1",
    "ProductArn": "arn:aws:securityhub:us-west-1:123456789012:product/123456789012/default",
    "Resources": [
        {
            "Id": "arn:aws:cloudtrail:us-west-1:123456789012:trail/TrailName",
            "Partition": "aws",
            "Region": "us-west-1",
            "Type": "AwsCloudTrailTrail",
        }
    ],
    "SchemaVersion": "2018-10-08",
    "Title": "CloudTrail trail vulnerability",
    "UpdatedAt": "2020-06-02T16:05:54.832Z",
}


@suite.test
def seed_import_sample():
    hub = connect("123456789012", "us-west-1")
    imported(hub, SAMPLE)
    got = read(hub, "Id1")
    members(got, {**SAMPLE, "Resources": got["Resources"]}, "finding")
    members(got["Resources"][0], SAMPLE["Resources"][0], "resource")
    # What the hub adds: the provider's values at the top level, the score, the defaults.
    members(got["Severity"], {"Label": "LOW", "Normalized": 1, "Original": "10"}, "Severity")
    equal(got["Types"], SAMPLE["FindingProviderFields"]["Types"], "Types")
    members(got, {"Workflow": {"Status": "NEW"}, "WorkflowState": "NEW", "RecordState": "ACTIVE", "Region": "us-west-1"})
    members(got, {"ProductName": "Default", "CompanyName": "Personal"})
    members(got["ProductFields"], {"aws/securityhub/FindingId": f"{SAMPLE['ProductArn']}/Id1"}, "ProductFields")


NINE = {
    "Note": {"Text": "Looked into it.", "UpdatedBy": "analyst"},
    "Severity": {"Normalized": 90, "Product": 9.5, "Label": "CRITICAL"},
    "VerificationState": "TRUE_POSITIVE",
    "Confidence": 42,
    "Criticality": 99,
    "Types": ["TTPs/Initial Access/Phishing"],
    "UserDefinedFields": {"team": "red", "ticket": "SEC-1"},
    "Workflow": {"Status": "NOTIFIED"},
    "RelatedFindings": [{"ProductArn": "arn:aws:securityhub:us-west-1::product/aws/guardduty", "Id": "other"}],
}


@suite.test
def seed_update_with_all_nine_members():
    account = next(fresh)
    hub = connect(account)
    one = finding(account, "nine")
    imported(hub, one)
    answer = hub.batch_update_findings(FindingIdentifiers=[identifier(one)], **NINE)
    equal(answer["ProcessedFindings"], [identifier(one)], "ProcessedFindings")
    equal(answer["UnprocessedFindings"], [], "UnprocessedFindings")
    got = read(hub, "nine")
    members(got["Note"], NINE["Note"], "Note")
    datetime.datetime.fromisoformat(got["Note"]["UpdatedAt"].replace("Z", "+00:00"))
    members(got["Severity"], NINE["Severity"], "Severity")
    members(got, {name: NINE[name] for name in NINE if name not in ("Note", "Severity")}, "finding")
    equal(got["UpdatedAt"], one["UpdatedAt"], "UpdatedAt")


@suite.test
def seed_update_each_member_alone():
    account = next(fresh)
    hub = connect(account)
    for name, value in NINE.items():
        one = finding(account, f"alone-{name}")
        imported(hub, one)
        before = read(hub, one["Id"])
        answer = hub.batch_update_findings(FindingIdentifiers=[identifier(one)], **{name: value})
        equal(answer["UnprocessedFindings"], [], name)
        got = read(hub, one["Id"])
        if isinstance(value, dict) and name != "UserDefinedFields":
            members(got[name], value, name)
        else:
            equal(got[name], value, name)
        others = {n: v for n, v in before.items() if n not in (name, "ProcessedAt")}
        equal({n: v for n, v in got.items() if n not in (name, "ProcessedAt")}, others, f"members besides {name}")


@suite.test
def severity_label_follows_the_score_and_back():
    account = next(fresh)
    hub = connect(account)
    one = finding(account, "severity")
    imported(hub, one)
    for sent, want in (
        ({"Normalized": 0}, {"Normalized": 0, "Label": "INFORMATIONAL"}),
        ({"Normalized": 39}, {"Normalized": 39, "Label": "LOW"}),
        ({"Normalized": 40}, {"Normalized": 40, "Label": "MEDIUM"}),
        ({"Normalized": 89}, {"Normalized": 89, "Label": "HIGH"}),
        ({"Normalized": 90}, {"Normalized": 90, "Label": "CRITICAL"}),
        ({"Label": "LOW"}, {"Normalized": 1, "Label": "LOW"}),
    ):
        hub.batch_update_findings(FindingIdentifiers=[identifier(one)], Severity=sent)
        members(read(hub, "severity")["Severity"], want, f"Severity after {sent}")


@suite.test
def hub_is_enabled_described_and_configured():
    account = next(fresh)
    hub = connect(account, on=False)
    hub.enable_security_hub(EnableDefaultStandards=False, Tags={"owner": "sec"})
    arn = f"arn:aws:securityhub:us-east-1:{account}:hub/default"
    got = hub.describe_hub()
    members(got, {"HubArn": arn, "AutoEnableControls": True, "ControlFindingGenerator": "SECURITY_CONTROL"}, "hub")
    datetime.datetime.fromisoformat(got["SubscribedAt"].replace("Z", "+00:00"))
    equal(hub.list_tags_for_resource(ResourceArn=arn)["Tags"], {"owner": "sec"}, "tags")
    hub.update_security_hub_configuration(AutoEnableControls=False, ControlFindingGenerator="STANDARD_CONTROL")
    want = {"HubArn": arn, "AutoEnableControls": False, "ControlFindingGenerator": "STANDARD_CONTROL"}
    members(hub.describe_hub(HubArn=arn), want, "hub")
    text = "Account is already subscribed to Security Hub"
    error = refused(hub.enable_security_hub, "ResourceConflictException", 409, text)
    equal(type(error), hub.exceptions.ResourceConflictException, "type")
    other = f"arn:aws:securityhub:us-east-1:{next(fresh)}:hub/default"
    refused(lambda: hub.describe_hub(HubArn=other), "ResourceNotFoundException", 404)


@suite.test
def hub_that_is_off_answers_nothing_but_keeps_the_findings():
    account = next(fresh)
    hub = connect(account)
    one = finding(account, "kept")
    imported(hub, one)
    hub.disable_security_hub()
    text = f"Account {account} is not subscribed to AWS Security Hub"
    for call in (
        hub.describe_hub,
        hub.get_findings,
        hub.list_enabled_products_for_import,
        hub.disable_security_hub,
        lambda: hub.batch_import_findings(Findings=[one]),
        lambda: hub.batch_update_findings(FindingIdentifiers=[identifier(one)], Confidence=1),
        lambda: hub.get_finding_history(FindingIdentifier=identifier(one)),
    ):
        error = refused(call, "InvalidAccessException", 401, text)
        equal(type(error), hub.exceptions.InvalidAccessException, "type")
    hub.enable_security_hub()
    equal(read(hub, "kept")["Id"], "kept", "finding after the hub is on again")


@suite.test
def corpus_is_imported_and_read_back():
    for (account, region), sent in clean_corpus().items():
        hub = connect(account, region)
        for product in sorted({one["ProductArn"] for one in sent}):
            subscribe(hub, product)
        for part in chunks(sent):
            imported(hub, *part)
        for one in sent:
            where = {"Id": [{"Value": one["Id"], "Comparison": "EQUALS"}], "ProductArn": [{"Value": one["ProductArn"], "Comparison": "EQUALS"}]}
            [got] = hub.get_findings(Filters=where)["Findings"]
            members(got, {n: one[n] for n in ("Title", "Description", "Resources", "UpdatedAt", "AwsAccountId", "GeneratorId")}, one["Id"])


@suite.test
def import_that_is_not_newer_changes_nothing():
    account = next(fresh)
    hub = connect(account)
    imported(hub, finding(account, "again"))
    imported(hub, finding(account, "again", Title="the same instant", UpdatedAt="2024-01-01T01:00:00+01:00"))
    imported(hub, finding(account, "again", Title="older", UpdatedAt="2023-12-31T23:59:59Z"))
    equal(read(hub, "again")["Title"], "Title of again", "Title")
    imported(hub, finding(account, "again", Title="newer", UpdatedAt="2024-01-01T00:00:00.001Z"))
    equal(read(hub, "again")["Title"], "newer", "Title")


@suite.test
def customers_values_survive_the_next_import():
    account = next(fresh)
    hub = connect(account)
    one = finding(account, "owned", Confidence=10)
    imported(hub, one)
    hub.batch_update_findings(FindingIdentifiers=[identifier(one)], **NINE)
    provider = {"Severity": {"Label": "LOW"}, "Types": ["Effects/Data Exposure/Leak"]}
    changes = {"Title": "second", "Confidence": 11, "FindingProviderFields": provider, "UpdatedAt": "2024-01-02T00:00:00Z"}
    imported(hub, finding(account, "owned", **changes, Note={"Text": "x", "UpdatedBy": "provider", "UpdatedAt": "2024-01-02T00:00:00Z"}))
    got = read(hub, "owned")
    equal(got["Title"], "second", "Title")
    members(got["FindingProviderFields"], provider, "FindingProviderFields")
    members(got["Severity"], {"Label": "CRITICAL", "Normalized": 90}, "Severity")
    members(got["Note"], NINE["Note"], "Note")
    kept = ("Types", "Confidence", "Criticality", "UserDefinedFields", "VerificationState", "Workflow", "RelatedFindings")
    members(got, {name: NINE[name] for name in kept}, "finding")


@suite.test
def workflow_starts_again_when_a_finding_comes_back():
    account = next(fresh)
    hub = connect(account)
    for id, first, want in (("resolved", "RESOLVED", "NEW"), ("notified", "NOTIFIED", "NEW"), ("suppressed", "SUPPRESSED", "SUPPRESSED")):
        one = finding(account, id, RecordState="ARCHIVED")
        imported(hub, one)
        hub.batch_update_findings(FindingIdentifiers=[identifier(one)], Workflow={"Status": first})
        imported(hub, finding(account, id, RecordState="ACTIVE", UpdatedAt="2024-01-03T00:00:00Z"))
        equal(read(hub, id)["Workflow"]["Status"], want, f"Workflow of a finding that was {first}")


@suite.test
def bad_findings_fail_alone_and_say_why():
    account = next(fresh)
    hub = connect(account)
    bad = {
        "title": ({"Title": "x" * 257}, "data.Title should NOT be longer than 256 characters."),
        "resource": ({"Resources": [{"Type": "Other", "Id": ""}]}, "data.Resources[0].Id should NOT be shorter than 1 characters."),
        "types": (
            {"FindingProviderFields": {"Severity": {"Label": "LOW"}, "Types": ["a/b/c/d"]}},
            'data.FindingProviderFields.Types[0] should match pattern "^([^/]+)(/[^/]+){0,2}$".',
        ),
        "two": (
            {"Title": "x" * 257, "Description": "x" * 1025},
            "data.Title should NOT be longer than 256 characters, data.Description should NOT be longer than 1024 characters.",
        ),
        "none": ({"Resources": []}, "data.Resources should NOT have fewer than 1 items."),
        "tags": ({"Resources": [{"Type": "Other", "Id": "x", "Tags": {}}]}, "data.Resources[0].Tags should NOT have fewer than 1 properties."),
        "details": (
            {"Resources": [{"Type": "Other", "Id": "x", "Details": {"Other": {"Key": "x" * 1025}}}]},
            "data.Resources[0].Details.Other['Key'] should NOT be longer than 1024 characters.",
        ),
    }
    sent = [finding(account, "good-1")] + [finding(account, id, **changes) for id, (changes, _) in bad.items()] + [finding(account, "good-2")]
    answer = hub.batch_import_findings(Findings=sent)
    equal((answer["SuccessCount"], answer["FailedCount"]), (2, len(bad)), "counts")
    got = {f["Id"]: (f["ErrorCode"], f["ErrorMessage"]) for f in answer["FailedFindings"]}
    equal(got, {id: ("InvalidInput", NOT_ADHERING + text) for id, (_, text) in bad.items()}, "FailedFindings")
    equal(sorted(one["Id"] for one in hub.get_findings()["Findings"]), ["good-1", "good-2"], "what is stored")


@suite.test
def a_missing_severity_and_oversize_are_named():
    account = next(fresh)
    hub = connect(account)
    bare = finding(account, "bare")
    del bare["FindingProviderFields"]
    answer = hub.batch_import_findings(Findings=[bare, oversize(account, "big")])
    got = {f["Id"]: f["ErrorMessage"] for f in answer["FailedFindings"]}
    anyof = "data should have required property 'FindingProviderFields', data should match some schema in anyOf."
    equal(got, {"bare": NOT_ADHERING + anyof, "big": "Finding size exceeded 240 KB"}, "FailedFindings")


@suite.test
def import_requests_that_are_refused_whole():
    account, stranger = next(fresh), next(fresh)
    hub = connect(account)
    many = [finding(account, f"n{n}") for n in range(101)]
    text = "Invalid parameter 'Findings'. Size '101' is greater than maximum value: 100."
    error = refused(lambda: hub.batch_import_findings(Findings=many), "InvalidInputException", 400, text)
    equal(type(error), hub.exceptions.InvalidInputException, "type")
    arn = "arn:aws:securityhub:::product/aquasecurity/aquasecurity"
    foreign = finding(account, "arn", ProductArn=arn)
    refused(lambda: hub.batch_import_findings(Findings=[foreign]), "InvalidInputException", 400, f'productArn: "{arn}"')
    other = finding(stranger, "other", ProductArn=default_product(account))
    text = "is not authorized to perform: securityhub:BatchImportFindings on resource: "
    refused(lambda: hub.batch_import_findings(Findings=[other]), "AccessDeniedException", 403, text + default_product(account))
    equal(hub.get_findings()["Findings"], [], "what is stored")


@suite.test
def updates_fail_for_each_finding_with_its_code():
    account = next(fresh)
    hub = connect(account)
    one, twice = finding(account, "one"), finding(account, "twice")
    imported(hub, one, twice)
    missing = {"Id": "missing", "ProductArn": one["ProductArn"]}
    answer = hub.batch_update_findings(FindingIdentifiers=[identifier(one), missing, identifier(twice), identifier(twice)], Confidence=7)
    equal(answer["ProcessedFindings"], [identifier(one)], "ProcessedFindings")
    got = [(u["FindingIdentifier"]["Id"], u["ErrorCode"], u["ErrorMessage"]) for u in answer["UnprocessedFindings"]]
    duplicate = ("twice", "DuplicatedFindingIdentifier", "Finding Identifier is duplicated")
    equal(got, [("missing", "FindingNotFound", "Finding Not Found"), duplicate, duplicate], "UnprocessedFindings")
    equal("Confidence" in read(hub, "twice"), False, "a duplicate was applied")
    for bad in ({"Types": ["a/b/c/d"]}, {"UserDefinedFields": {"no spaces": "x"}}, {"UserDefinedFields": {}}, {"Note": {"Text": "x" * 513, "UpdatedBy": "x"}}):
        [got] = hub.batch_update_findings(FindingIdentifiers=[identifier(one)], **bad)["UnprocessedFindings"]
        members(got, {"ErrorCode": "InvalidInput", "ErrorMessage": "Invalid Input"}, str(bad)[:60])


@suite.test
def updates_that_are_refused_whole():
    account = next(fresh)
    hub = connect(account)
    one = finding(account, "one")
    imported(hub, one)
    many = [{"Id": f"n{n}", "ProductArn": one["ProductArn"]} for n in range(101)]
    for bad, part in (
        ({"FindingIdentifiers": many}, "Size '101' is greater than maximum value: 100."),
        ({"FindingIdentifiers": []}, "FindingIdentifiers"),
        ({"Confidence": 101}, "Confidence"),
        ({"Criticality": 200}, "Criticality"),
        ({"VerificationState": "MAYBE"}, "VerificationState"),
        ({"Workflow": {"Status": "DONE"}}, "Workflow.Status"),
        ({"Severity": {"Label": "SEVERE"}}, "Severity.Label"),
        ({"Note": {"Text": " ", "UpdatedBy": "x"}}, "Note.Text"),
    ):
        sent = {"FindingIdentifiers": [identifier(one)], **bad}
        refused(lambda: hub.batch_update_findings(**sent), "InvalidInputException", 400, part)
    contains(str(sorted(read(hub, "one"))), "Title", "the finding")


@suite.test
def history_tells_who_changed_what():
    account = next(fresh)
    hub = connect(account)
    one = finding(account, "past")
    imported(hub, one)
    hub.batch_update_findings(FindingIdentifiers=[identifier(one)], Workflow={"Status": "RESOLVED"}, Severity={"Label": "HIGH"})
    imported(hub, finding(account, "past", Title="second", UpdatedAt="2024-01-02T00:00:00Z"))
    records = hub.get_finding_history(FindingIdentifier=identifier(one))["Records"]
    equal(len(records), 3, "records")
    equal([r.get("FindingCreated", False) for r in records], [False, False, True], "FindingCreated, newest first")
    equal([r["UpdateSource"]["Type"] for r in records], ["BATCH_IMPORT_FINDINGS", "BATCH_UPDATE_FINDINGS", "BATCH_IMPORT_FINDINGS"], "sources")
    equal({r["FindingIdentifier"]["Id"] for r in records}, {"past"}, "identifiers")
    equal([r["UpdateTime"] for r in records], sorted((r["UpdateTime"] for r in records), reverse=True), "times")
    changed = {u["UpdatedField"]: (u["OldValue"], u["NewValue"]) for u in records[1]["Updates"]}
    equal(changed, {"Workflow.Status": ("NEW", "RESOLVED"), "Severity": ("MEDIUM", "HIGH")}, "update's fields")
    contains(records[1]["UpdateSource"]["Identity"], f":{account}:", "update's identity")
    changed = {u["UpdatedField"]: (u["OldValue"], u["NewValue"]) for u in records[0]["Updates"]}
    equal(changed, {"Title": ("Title of past", "second")}, "import's fields")
    contains(records[0]["UpdateSource"]["Identity"], one["ProductArn"], "import's identity")
    equal(records[2].get("Updates", []), [], "updates of the creation")


@suite.test
def history_is_paged_and_bounded_by_time():
    account = next(fresh)
    hub = connect(account)
    one = finding(account, "long")
    imported(hub, one)
    for n in range(6):
        hub.batch_update_findings(FindingIdentifiers=[identifier(one)], Confidence=n)
    pages = hub.get_paginator("get_finding_history").paginate(FindingIdentifier=identifier(one), PaginationConfig={"PageSize": 2})
    records = [r for page in pages for r in page["Records"]]
    news = [u["NewValue"] for r in records for u in r.get("Updates", []) if u["UpdatedField"] == "Confidence"]
    equal(news, ["5", "4", "3", "2", "1", "0"], "values, newest first")
    equal(len(records), 7, "records")
    long_ago = datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc)
    end = long_ago + datetime.timedelta(days=1)
    got = hub.get_finding_history(FindingIdentifier=identifier(one), StartTime=long_ago, EndTime=end)
    equal(got["Records"], [], "records of 2001")
    got = hub.get_finding_history(FindingIdentifier=identifier(one), StartTime=long_ago)
    equal(len(got["Records"]), 7, "records since 2001")


if __name__ == "__main__":
    suite.run()
