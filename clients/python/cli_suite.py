"""The AWS CLI, versions 1 and 2: the seed's commands as printed, then both syntaxes, input
from files, skeletons, queries, pages and errors."""

import json
import os
import shlex

from cli_client import V2, File, Refused, aws, imported, pair, read, refused, shorthand, subscribe, text
from findings import NOT_ADHERING, accounts, clean_corpus, finding, seed_commands
from suite import Suite, contains, equal, members

suite = Suite(os.environ["AWS_CLI_NAME"])
fresh = accounts(200000000000 if V2 else 100000000000)


def seed_example(number):
    """Runs one of the two printed commands against findings that were imported for it. Its
    identifiers fix the account and the region."""
    account, region = "123456789012", "us-west-1"
    arguments = shlex.split(seed_commands()[number].replace("\\\n", " "))[3:]
    product = "arn:aws:securityhub:us-west-1::product/aws/securityhub"
    base = "arn:aws:securityhub:us-west-1:123456789012:subscription/pci-dss/v/3.2.1/PCI.Lambda.2/finding/a1b2c3d4-5678-90ab-cdef-EXAMPLE"
    ids = [base + "11111", base + "22222"]
    # Archived, active again with a label of CRITICAL: the second example starts from where the first did.
    day = 1 + 2 * number
    start = {"ProductArn": product, "Severity": {"Label": "CRITICAL"}, "Region": region}
    imported(account, *[finding(account, id, region, **start, RecordState="ARCHIVED", UpdatedAt=f"2024-01-{day:02}T00:00:00Z") for id in ids], region=region)
    imported(account, *[finding(account, id, region, **start, UpdatedAt=f"2024-01-{day + 1:02}T00:00:00Z") for id in ids], region=region)
    for id in ids:
        equal(read(account, id, region)["Workflow"], {"Status": "NEW"}, "Workflow before")
    answer = aws(account, "batch-update-findings", *arguments, region=region)
    equal(answer, {"ProcessedFindings": [{"Id": id, "ProductArn": product} for id in ids], "UnprocessedFindings": []}, "answer")
    for id in ids:
        got = read(account, id, region)
        members(got["Note"], {"Text": "Known issue that is not a risk.", "UpdatedBy": "user1"}, "Note")
        members(got["Severity"], {"Label": "LOW", "Normalized": 1}, "Severity")
        equal(got["Workflow"], {"Status": "RESOLVED"}, "Workflow")
        equal(got["UpdatedAt"], f"2024-01-{day + 1:02}T00:00:00Z", "UpdatedAt")


@suite.test
def seed_example_in_json():
    seed_example(0)


@suite.test
def seed_example_in_shorthand():
    seed_example(1)


# The nine members that an update may carry, as options of the command line.
NINE_JSON = [
    ("--note", '{"Text": "Looked into it.", "UpdatedBy": "analyst"}'),
    ("--severity", '{"Normalized": 90, "Product": 9.5, "Label": "CRITICAL"}'),
    ("--verification-state", "TRUE_POSITIVE"),
    ("--confidence", "42"),
    ("--criticality", "99"),
    ("--types", '["TTPs/Initial Access/Phishing", "Effects/Data Exposure/Leak"]'),
    ("--user-defined-fields", '{"team": "red", "ticket": "SEC-1"}'),
    ("--workflow", '{"Status": "NOTIFIED"}'),
    ("--related-findings", '[{"ProductArn": "arn:aws:securityhub:us-east-1::product/aws/guardduty", "Id": "other"}]'),
]
NINE_SHORTHAND = [
    ("--note", "Text=Looked into it.,UpdatedBy=analyst"),
    ("--severity", "Normalized=90,Product=9.5,Label=CRITICAL"),
    ("--verification-state", "TRUE_POSITIVE"),
    ("--confidence", "42"),
    ("--criticality", "99"),
    ("--types", "TTPs/Initial Access/Phishing", "Effects/Data Exposure/Leak"),
    ("--user-defined-fields", "team=red,ticket=SEC-1"),
    ("--workflow", "Status=NOTIFIED"),
    ("--related-findings", "ProductArn=arn:aws:securityhub:us-east-1::product/aws/guardduty,Id=other"),
]


def all_nine(options, identifiers):
    account = next(fresh)
    one = finding(account, "nine")
    imported(account, one)
    answer = aws(account, "batch-update-findings", "--finding-identifiers", identifiers(one), *[word for option in options for word in option])
    equal(answer, {"ProcessedFindings": [pair(one)], "UnprocessedFindings": []}, "answer")
    got = read(account, "nine")
    members(got["Note"], {"Text": "Looked into it.", "UpdatedBy": "analyst"}, "Note")
    members(got["Severity"], {"Normalized": 90, "Product": 9.5, "Label": "CRITICAL"}, "Severity")
    members(got, {"VerificationState": "TRUE_POSITIVE", "Confidence": 42, "Criticality": 99, "Workflow": {"Status": "NOTIFIED"}})
    members(got, {"Types": ["TTPs/Initial Access/Phishing", "Effects/Data Exposure/Leak"], "UserDefinedFields": {"team": "red", "ticket": "SEC-1"}})
    members(got, {"RelatedFindings": [{"ProductArn": "arn:aws:securityhub:us-east-1::product/aws/guardduty", "Id": "other"}]})
    equal(got["UpdatedAt"], one["UpdatedAt"], "UpdatedAt")


@suite.test
def all_nine_members_in_json():
    all_nine(NINE_JSON, lambda one: json.dumps([pair(one)]))


@suite.test
def all_nine_members_in_shorthand():
    all_nine(NINE_SHORTHAND, shorthand)


@suite.test
def import_from_a_file_and_from_cli_input_json():
    account = next(fresh)
    with File(json.dumps([finding(account, "file")])) as path:
        equal(aws(account, "batch-import-findings", "--findings", path)["SuccessCount"], 1, "SuccessCount")
    with File(json.dumps({"Findings": [finding(account, "input")]})) as path:
        equal(aws(account, "batch-import-findings", "--cli-input-json", path)["SuccessCount"], 1, "SuccessCount")
    one = {"FindingIdentifiers": [pair(finding(account, "input"))], "Workflow": {"Status": "SUPPRESSED"}}
    # What stands on the command line wins over the file.
    update = ["--cli-input-json", json.dumps(one), "--workflow", "Status=RESOLVED"]
    equal(aws(account, "batch-update-findings", *update)["UnprocessedFindings"], [], "UnprocessedFindings")
    equal(read(account, "input")["Workflow"], {"Status": "RESOLVED"}, "Workflow")
    equal(read(account, "file")["Workflow"], {"Status": "NEW"}, "Workflow of the other")


if V2:

    @suite.test
    def update_from_cli_input_yaml():
        account = next(fresh)
        one = finding(account, "yaml")
        imported(account, one)
        lines = ["FindingIdentifiers:", f"- Id: {one['Id']}", f"  ProductArn: {one['ProductArn']}"]
        lines += ["Note: # what was found", "  Text: 'yaml: with a colon'", "  UpdatedBy: analyst", "Confidence: 7"]
        with File("\n".join(lines), ".yaml") as path:
            answer = aws(account, "batch-update-findings", "--cli-input-yaml", path)
        equal(answer["UnprocessedFindings"], [], "UnprocessedFindings")
        got = read(account, "yaml")
        equal((got["Note"]["Text"], got["Confidence"]), ("yaml: with a colon", 7), "note and confidence")

    @suite.test
    def skeleton_in_yaml():
        account = next(fresh)
        one = finding(account, "skeleton")
        imported(account, one)
        skeleton = text(account, "batch-update-findings", "--generate-cli-skeleton", "yaml-input")
        contains(skeleton, "FindingIdentifiers:", "skeleton")
        # Its first two values are where the identifier goes; the rest of it is left out.
        head = skeleton[: skeleton.index("Note:")].replace("Id: ''", f"Id: {one['Id']}", 1)
        head = head.replace("ProductArn: ''", f"ProductArn: {one['ProductArn']}", 1)
        answer = aws(account, "batch-update-findings", "--cli-input-yaml", head, "--criticality", "3")
        equal(answer["UnprocessedFindings"], [], "UnprocessedFindings")
        equal(read(account, "skeleton")["Criticality"], 3, "Criticality")

    @suite.test
    def answers_in_yaml():
        account = next(fresh)
        imported(account, finding(account, "yaml"))
        contains(text(account, "get-findings", "--output", "yaml"), "Title: Title of yaml", "output")


@suite.test
def skeletons_are_filled_in_and_sent():
    account = next(fresh)
    one = finding(account, "skeleton")
    imported(account, one)
    # A skeleton needs no server; only what is made of it is sent.
    skeleton = aws(account, "batch-update-findings", "--generate-cli-skeleton", "input")
    nine = {"Note", "Severity", "VerificationState", "Confidence", "Criticality", "Types", "UserDefinedFields", "Workflow", "RelatedFindings"}
    equal(set(skeleton), nine | {"FindingIdentifiers"}, "skeleton's members")
    skeleton = {"FindingIdentifiers": [pair(one)], "Severity": {**skeleton["Severity"], "Normalized": 70, "Product": 7.0, "Label": "HIGH"}}
    answer = aws(account, "batch-update-findings", "--cli-input-json", json.dumps(skeleton))
    equal(answer["UnprocessedFindings"], [], "UnprocessedFindings")
    members(read(account, "skeleton")["Severity"], {"Label": "HIGH", "Normalized": 70}, "Severity")


def knows(skeleton, value):
    """Whether a skeleton has every member of a value. Debian's CLI is older than some members
    of the format, and sends nothing that it does not know."""
    if isinstance(value, dict) and isinstance(skeleton, dict):
        return set(skeleton) == {"KeyName"} or all(n in skeleton and knows(skeleton[n], v) for n, v in value.items())
    if isinstance(value, list) and isinstance(skeleton, list):
        return all(knows(skeleton[0], v) for v in value)
    return True


@suite.test
def corpus_is_imported_and_counted():
    [skeleton] = aws("000000000000", "batch-import-findings", "--generate-cli-skeleton", "input")["Findings"]
    for (account, region), found in clean_corpus().items():
        sent = [one for one in found if knows(skeleton, one)]
        if not sent:
            continue
        for product in sorted({one["ProductArn"] for one in sent}):
            subscribe(account, product, region)
        with File(json.dumps(sent[:100])) as path:
            answer = aws(account, "batch-import-findings", "--findings", path, region=region)
        equal(answer, {"FailedCount": 0, "SuccessCount": len(sent[:100]), "FailedFindings": []}, "answer")
        # The seed's examples left findings of ours in one of these accounts.
        real = ["--filters", "GeneratorId=[{Value=clients/real,Comparison=NOT_EQUALS}]"]
        got = aws(account, "get-findings", *real, "--query", "Findings[].Id", "--page-size", "40", region=region)
        equal(sorted(got), sorted(one["Id"] for one in sent[:100]), "ids")


@suite.test
def queries_sorting_and_pages():
    account = next(fresh)
    imported(account, *[finding(account, f"n{n:02}", UpdatedAt=f"2024-02-{n + 1:02}T00:00:00Z") for n in range(12)])
    newest_first = [f"n{n:02}" for n in range(11, -1, -1)]
    # The CLI itself follows the tokens: three requests, one list.
    equal(aws(account, "get-findings", "--page-size", "5", "--query", "Findings[].Id"), newest_first, "all pages")
    sort = ["--sort-criteria", "Field=UpdatedAt,SortOrder=asc"]
    equal(aws(account, "get-findings", *sort, "--query", "Findings[].Id"), newest_first[::-1], "ascending")
    first = aws(account, "get-findings", "--page-size", "5", "--max-items", "7")
    equal([one["Id"] for one in first["Findings"]], newest_first[:7], "first items")
    rest = aws(account, "get-findings", "--page-size", "5", "--starting-token", first["NextToken"])
    equal([one["Id"] for one in rest["Findings"]], newest_first[7:], "rest")
    equal("NextToken" in rest, False, "a token at the end")
    one_page = aws(account, "get-findings", "--no-paginate", "--max-results", "5")
    equal((len(one_page["Findings"]), "NextToken" in one_page), (5, True), "one page")
    query = "Findings[?Severity.Label=='MEDIUM'] | [0].[Id, Workflow.Status]"
    equal(text(account, "get-findings", "--query", query, "--output", "text").split(), ["n11", "NEW"], "text output")


@suite.test
def filters_in_shorthand_and_in_json():
    account = next(fresh)
    imported(account, finding(account, "a", UserDefinedFields={"team": "blue"}), finding(account, "b", RecordState="ARCHIVED"))
    for filters, want in (
        ("Id=[{Value=a,Comparison=EQUALS},{Value=b,Comparison=EQUALS}],RecordState=[{Value=ARCHIVED,Comparison=EQUALS}]", ["b"]),
        ('{"UserDefinedFields": [{"Key": "team", "Value": "blue", "Comparison": "EQUALS"}]}', ["a"]),
        ('{"UpdatedAt": [{"DateRange": {"Value": 1, "Unit": "DAYS"}}]}', []),
        ('{"Title": [{"Value": "Title of a", "Comparison": "NOT_EQUALS"}]}', ["b"]),
    ):
        equal(aws(account, "get-findings", "--filters", filters, "--query", "Findings[].Id"), want, filters)


def has(command):
    """Whether this version of the CLI has a command."""
    try:
        return bool(text("000000000000", command, "--generate-cli-skeleton", "input"))
    except Refused as error:
        contains(str(error), "Invalid choice", "stderr")
        return False


def history_after_an_update():
    account = next(fresh)
    one = finding(account, "past")
    imported(account, one)
    aws(account, "batch-update-findings", "--finding-identifiers", shorthand(one), "--workflow", "Status=RESOLVED")
    got = aws(account, "get-finding-history", "--finding-identifier", shorthand(one), "--page-size", "1")["Records"]
    equal(len(got), 2, "records")
    equal(got[0]["Updates"], [{"UpdatedField": "Workflow.Status", "OldValue": "NEW", "NewValue": "RESOLVED"}], "Updates")
    equal(got[0]["UpdateSource"]["Type"], "BATCH_UPDATE_FINDINGS", "source")
    contains(got[0]["UpdateSource"]["Identity"], f":{account}:", "identity")
    equal(got[1]["FindingCreated"], True, "FindingCreated")
    none = aws(account, "get-finding-history", "--finding-identifier", shorthand(one), "--end-time", "2001-01-01T00:00:00Z", "--start-time", "2000-01-01")
    equal(none["Records"], [], "records of 2000")


if has("get-finding-history"):
    suite.test(history_after_an_update)
else:
    print(f"# {suite.client}: this version has no get-finding-history; the other clients test it", flush=True)


@suite.test
def the_hub_goes_off_and_on():
    account = next(fresh)
    equal(aws(account, "enable-security-hub", "--tags", "owner=sec", "--no-enable-default-standards", on=False), None, "output")
    refused(lambda: aws(account, "enable-security-hub"), "ResourceConflictException", "EnableSecurityHub", "Account is already subscribed to Security Hub")
    arn = f"arn:aws:securityhub:us-east-1:{account}:hub/default"
    members(aws(account, "describe-hub", "--hub-arn", arn), {"HubArn": arn, "AutoEnableControls": True}, "hub")
    equal(aws(account, "update-security-hub-configuration", "--no-auto-enable-controls"), None, "output")
    equal(aws(account, "describe-hub", "--query", "AutoEnableControls"), False, "AutoEnableControls")
    equal(aws(account, "disable-security-hub"), None, "output")
    off = f"Account {account} is not subscribed to AWS Security Hub"
    refused(lambda: aws(account, "describe-hub"), "InvalidAccessException", "DescribeHub", off)
    refused(lambda: aws(account, "get-findings"), "InvalidAccessException", "GetFindings", off)


@suite.test
def tags_come_and_go():
    account = next(fresh)
    arn = aws(account, "describe-hub", "--query", "HubArn")
    equal(aws(account, "tag-resource", "--resource-arn", arn, "--tags", "team=blue,centre=42"), None, "output")
    equal(aws(account, "list-tags-for-resource", "--resource-arn", arn)["Tags"], {"team": "blue", "centre": "42"}, "tags")
    equal(aws(account, "untag-resource", "--resource-arn", arn, "--tag-keys", "team", "centre"), None, "output")
    equal(aws(account, "list-tags-for-resource", "--resource-arn", arn).get("Tags", {}), {}, "tags")
    other = arn.replace(account, next(fresh))
    refused(lambda: aws(account, "list-tags-for-resource", "--resource-arn", other), "ResourceNotFoundException", "ListTagsForResource")


@suite.test
def products_are_enabled_listed_and_switched_off():
    account = next(fresh)
    product = "arn:aws:securityhub:us-east-1::product/prowler/prowler"
    subscription = f"arn:aws:securityhub:us-east-1:{account}:product-subscription/prowler/prowler"
    contains(aws(account, "describe-products", "--page-size", "30", "--query", "Products[].ProductArn"), product, "products")
    enabled = aws(account, "enable-import-findings-for-product", "--product-arn", product)
    equal(enabled, {"ProductSubscriptionArn": subscription}, "answer")
    contains(aws(account, "list-enabled-products-for-import", "--query", "ProductSubscriptions"), subscription, "subscriptions")
    again = lambda: aws(account, "enable-import-findings-for-product", "--product-arn", product)
    refused(again, "ResourceConflictException", "EnableImportFindingsForProduct")
    equal(aws(account, "disable-import-findings-for-product", "--product-subscription-arn", subscription), None, "output")
    answer = aws(account, "batch-import-findings", "--findings", json.dumps([finding(account, "x", ProductArn=product)]))
    message = f"Account {account} is not allowed to import findings for product {product}"
    equal(answer["FailedFindings"], [{"Id": "x", "ErrorCode": "InvalidAccess", "ErrorMessage": message}], "FailedFindings")


@suite.test
def verdicts_and_errors_in_the_services_words():
    account = next(fresh)
    bad = finding(account, "bad", Title="x" * 257, Resources=[{"Type": "", "Id": "x"}])
    answer = aws(account, "batch-import-findings", "--findings", json.dumps([bad, finding(account, "good")]))
    verdict = NOT_ADHERING + "data.Title should NOT be longer than 256 characters, data.Resources[0].Type should NOT be shorter than 1 characters."
    failed = [{"Id": "bad", "ErrorCode": "InvalidInput", "ErrorMessage": verdict}]
    equal(answer, {"FailedCount": 1, "SuccessCount": 1, "FailedFindings": failed}, "answer")
    update = ["batch-update-findings", "--finding-identifiers", f"Id=missing,ProductArn={bad['ProductArn']}"]
    [got] = aws(account, *update, "--confidence", "1")["UnprocessedFindings"]
    members(got, {"ErrorCode": "FindingNotFound", "ErrorMessage": "Finding Not Found"}, "unprocessed")
    refused(lambda: aws(account, *update, "--confidence", "101"), "InvalidInputException", "BatchUpdateFindings", "Confidence")
    refused(lambda: aws(account, *update, "--workflow", "Status=DONE"), "InvalidInputException", "BatchUpdateFindings", "Workflow.Status")
    many = json.dumps([finding(account, f"n{n}") for n in range(101)])
    with File(many) as path:
        refused(lambda: aws(account, "batch-import-findings", "--findings", path), "InvalidInputException", "BatchImportFindings", "Size '101' is greater than maximum value: 100.")
    mixed = "Id=[{Value=a,Comparison=EQUALS},{Value=b,Comparison=NOT_EQUALS}]"
    refused(lambda: aws(account, "get-findings", "--filters", mixed), "InvalidInputException", "GetFindings", "Id")


@suite.dev_only("only --dev takes requests without a signature")
def without_a_signature_it_is_the_default_account():
    got = aws("000000000000", "describe-hub", "--no-sign-request", region="eu-west-1")
    equal(got["HubArn"], "arn:aws:securityhub:us-east-1:123456789012:hub/default", "HubArn")


if __name__ == "__main__":
    suite.run()
