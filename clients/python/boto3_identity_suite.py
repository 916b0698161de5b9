"""boto3 against a hub that checks signatures: who is refused and with which words, the token
service, the rights of users and roles, presigned requests, and TLS."""

import contextlib
import datetime
import os
import pathlib
import ssl
import tempfile
import unittest.mock
import urllib.error
import urllib.request

import boto3
import botocore.auth
import botocore.session
from botocore import UNSIGNED
from botocore.exceptions import SSLError

from boto3_client import client, connect, identifier, ids, imported, read, refused
from findings import accounts, finding
from keys import EXTERNAL_ID, MODE, key, role
from suite import Suite, contains, equal, members

suite = Suite("boto3")
fresh = accounts(320000000000)


def securityhub(*credentials, region="us-east-1", **config):
    return client("securityhub", *credentials, region=region, **config)


def sts(account, user="admin"):
    return client("sts", *key(account, user))


def assumed(account, name, session="analyst", **more):
    """The keys and the token of a session of a role."""
    got = sts(account).assume_role(RoleArn=role(account, name), RoleSessionName=session, **more)["Credentials"]
    return got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"]


@contextlib.contextmanager
def clock(**away):
    """A machine whose clock is wrong: botocore itself lets nobody say when it signs."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(**away)
    with unittest.mock.patch.object(botocore.auth, "get_current_datetime", return_value=now):
        yield


@contextlib.contextmanager
def profile(text, name):
    """A session of a profile in a configuration file, as AWS_CONFIG_FILE would name it."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "config")
        path.write_text(text, encoding="utf-8")
        core = botocore.session.Session(profile=name)
        core.set_config_variable("config_file", str(path))
        core.set_config_variable("credentials_file", os.devnull)
        yield boto3.session.Session(botocore_session=core)


@suite.test
def without_a_signature_nobody_is_anybody():
    hub = connect(next(fresh), on=False, signature_version=UNSIGNED)
    error = refused(hub.describe_hub, "MissingAuthenticationTokenException", 403, "Missing Authentication Token")
    equal("AccountId" in str(error.response), False, "an account in the answer")


@suite.test
def a_wrong_secret_is_refused():
    account = next(fresh)
    hub = securityhub(key(account)[0], "not-" + key(account)[1])
    refused(hub.describe_hub, "InvalidSignatureException", 403, "The request signature we calculated does not match the signature you provided.")
    wrong = client("sts", key(account)[0], "not-" + key(account)[1])
    refused(wrong.get_caller_identity, "SignatureDoesNotMatch", 403)


@suite.test
def an_unknown_key_is_refused():
    for id in ("AKIAIOSFODNN7EXAMPLE", next(fresh)):
        hub = securityhub(id, "not-checked")
        refused(hub.describe_hub, "UnrecognizedClientException", 403, "The security token included in the request is invalid")
        refused(client("sts", id, "not-checked").get_caller_identity, "InvalidClientTokenId", 403)


@suite.test
def a_token_that_nobody_gave_out_is_refused():
    account = next(fresh)
    refused(securityhub(*key(account), "token").describe_hub, "UnrecognizedClientException", 403)
    id, secret, token = assumed(account, "Developer")
    refused(securityhub(id, secret).describe_hub, "UnrecognizedClientException", 403)
    refused(securityhub(id, secret, token[:-8] + "AAAAAAA=").describe_hub, "UnrecognizedClientException", 403)
    refused(securityhub(id, "x" * 40, token).describe_hub, "InvalidSignatureException", 403)


@suite.test
def a_wrong_clock_is_refused():
    hub = connect(next(fresh))
    for minutes, words in ((-6, "Signature expired"), (6, "Signature not yet current")):
        with clock(minutes=minutes):
            refused(hub.describe_hub, "InvalidSignatureException", 403, words)
    for minutes in (-4, 4):
        with clock(minutes=minutes):
            contains(hub.describe_hub()["HubArn"], "hub/default", "HubArn")


@suite.test
def hubs_are_off_until_they_are_enabled():
    account = next(fresh)
    hub = connect(account, on=False)
    refused(hub.describe_hub, "InvalidAccessException", 401, f"Account {account} is not subscribed to AWS Security Hub")
    hub.enable_security_hub()
    contains(hub.describe_hub()["HubArn"], account, "HubArn")
    elsewhere = connect(account, "eu-west-1", on=False)
    refused(elsewhere.describe_hub, "InvalidAccessException", 401)


@suite.test
def products_are_refused_until_they_are_enabled():
    account = next(fresh)
    hub = connect(account)
    snyk = "arn:aws:securityhub:us-east-1::product/snyk/snyk"
    one = finding(account, "one", ProductArn=snyk)
    text = f"Account {account} is not allowed to import findings for product {snyk}"
    [failed] = hub.batch_import_findings(Findings=[one])["FailedFindings"]
    equal((failed["ErrorCode"], failed["ErrorMessage"]), ("InvalidAccess", text), "failure")
    hub.enable_import_findings_for_product(ProductArn=snyk)
    imported(hub, one)
    # The cloud's own services need nobody's leave.
    imported(hub, finding(account, "two", ProductArn="arn:aws:securityhub:us-east-1::product/aws/inspector"))
    nobody = "arn:aws:securityhub:us-east-1::product/nobody/knows"
    refused(lambda: hub.enable_import_findings_for_product(ProductArn=nobody), "ResourceNotFoundException", 404, nobody)
    # Nor does the hub of one region take products of another.
    other = snyk.replace("us-east-1", "eu-west-1")
    refused(lambda: hub.enable_import_findings_for_product(ProductArn=other), "ResourceNotFoundException", 404)


@suite.test
def the_token_service_says_who_calls():
    account = next(fresh)
    got = sts(account).get_caller_identity()
    members(got, {"Account": account, "Arn": f"arn:aws:iam::{account}:user/admin"}, "identity")
    contains(got["UserId"], "AIDA", "UserId")
    equal(sts(account, "reader").get_caller_identity()["Arn"], f"arn:aws:iam::{account}:user/reader", "Arn")
    got = client("sts", *assumed(account, "Developer")).get_caller_identity()
    equal(got["Arn"], f"arn:aws:sts::{account}:assumed-role/Developer/analyst", "Arn of a session")
    equal(got["UserId"].endswith(":analyst"), True, "UserId of a session")


@suite.test
def roles_are_assumed_by_those_they_trust():
    account, stranger = next(fresh), next(fresh)
    got = sts(account).assume_role(RoleArn=role(account, "Developer"), RoleSessionName="analyst", DurationSeconds=900)
    equal(got["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{account}:assumed-role/Developer/analyst", "Arn")
    contains(got["Credentials"]["AccessKeyId"], "ASIA", "AccessKeyId")
    left = got["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    equal(datetime.timedelta(seconds=600) < left <= datetime.timedelta(seconds=900), True, f"{left} left of 900 s")
    denied = "is not authorized to perform: sts:AssumeRole on resource: "
    for who, arn in ((stranger, role(account, "Developer")), (account, role(account, "Nobody"))):
        refused(lambda: sts(who).assume_role(RoleArn=arn, RoleSessionName="analyst"), "AccessDenied", 403, denied + arn)
    # A user whose policies say nothing of it may not, although the role trusts the account.
    refused(lambda: sts(account, "reader").assume_role(RoleArn=role(account, "Developer"), RoleSessionName="analyst"), "AccessDenied", 403)
    auditor = role(account, "Auditor")
    refused(lambda: sts(account).assume_role(RoleArn=auditor, RoleSessionName="analyst"), "AccessDenied", 403, denied + auditor)
    equal(len(assumed(account, "Auditor", ExternalId=EXTERNAL_ID)), 3, "what is assumed with the external id")
    refused(lambda: assumed(account, "Developer", DurationSeconds=43200), "ValidationError", 400, "DurationSeconds")


@suite.test
def a_session_policy_takes_away():
    account = next(fresh)
    imported(connect(account), finding(account, "one"))
    policy = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "securityhub:DescribeHub", "Resource": "*"}}'
    hub = securityhub(*assumed(account, "Developer", Policy=policy))
    contains(hub.describe_hub()["HubArn"], account, "HubArn")
    refused(hub.get_findings, "AccessDeniedException", 403, "because no session policy allows the securityhub:GetFindings action")


@suite.test
def profiles_with_a_role_are_assumed_by_the_client_itself():
    account = next(fresh)
    imported(connect(account), finding(account, "one"))
    id, secret = key(account)
    text = f"""
[profile base]
aws_access_key_id = {id}
aws_secret_access_key = {secret}
[profile audit]
role_arn = {role(account, "Auditor")}
source_profile = base
role_session_name = nightly
external_id = {EXTERNAL_ID}
region = us-east-1
"""
    with profile(text, "audit") as session:
        equal(session.client("sts").get_caller_identity()["Arn"], f"arn:aws:sts::{account}:assumed-role/Auditor/nightly", "Arn")
        hub = session.client("securityhub")
        equal(ids(hub.get_findings()), ["one"], "findings")
        refused(hub.disable_security_hub, "AccessDeniedException", 403, "assumed-role/Auditor/nightly is not authorized to perform: securityhub:DisableSecurityHub")


@suite.test
def readers_read_and_do_nothing_else():
    account = next(fresh)
    one = finding(account, "one")
    imported(connect(account), one)
    hub = securityhub(*key(account, "reader"))
    equal(ids(hub.get_findings()), ["one"], "findings")
    equal(len(hub.get_finding_history(FindingIdentifier=identifier(one))["Records"]), 1, "history")
    arn = f"arn:aws:securityhub:us-east-1:{account}:hub/default"
    for action, call in (
        ("BatchImportFindings", lambda: hub.batch_import_findings(Findings=[one])),
        ("BatchUpdateFindings", lambda: hub.batch_update_findings(FindingIdentifiers=[identifier(one)], Confidence=1)),
        ("UpdateFindings", lambda: hub.update_findings(Filters={}, RecordState="ARCHIVED")),
        ("TagResource", lambda: hub.tag_resource(ResourceArn=arn, Tags={"a": "b"})),
        ("EnableSecurityHub", hub.enable_security_hub),
        ("DisableSecurityHub", hub.disable_security_hub),
    ):
        text = f"User: arn:aws:iam::{account}:user/reader is not authorized to perform: securityhub:{action} on resource: "
        error = refused(call, "AccessDeniedException", 403, text)
        contains(str(error), f"because no identity-based policy allows the securityhub:{action} action", "message")
    typed = refused(lambda: hub.batch_import_findings(Findings=[one]), "AccessDeniedException", 403)
    equal(type(typed), hub.exceptions.AccessDeniedException, "type")
    equal(read(connect(account), "one")["RecordState"], "ACTIVE", "RecordState")


@suite.test
def developers_comment_but_do_not_suppress():
    account = next(fresh)
    one = finding(account, "one")
    imported(connect(account), one)
    hub = securityhub(*assumed(account, "Developer"))
    note = {"Note": {"Text": "It is a test system.", "UpdatedBy": "analyst"}}
    equal(hub.batch_update_findings(FindingIdentifiers=[identifier(one)], **note)["ProcessedFindings"], [identifier(one)], "ProcessedFindings")
    for field, change in (
        ("Workflow.Status", {"Workflow": {"Status": "SUPPRESSED"}}),
        ("Severity.Label", {"Severity": {"Label": "LOW"}}),
        ("Confidence", {"Confidence": 1}),
    ):
        error = refused(lambda: hub.batch_update_findings(FindingIdentifiers=[identifier(one)], **note, **change), "AccessDeniedException", 403, field)
        contains(str(error), "explicit deny", "message")
    got = read(connect(account), "one")
    members(got, {"Workflow": {"Status": "NEW"}}, "finding")
    equal(got["Note"]["Text"], note["Note"]["Text"], "note")
    records = hub.get_finding_history(FindingIdentifier=identifier(one))["Records"]
    equal(records[0]["UpdateSource"]["Identity"], f"arn:aws:sts::{account}:assumed-role/Developer/analyst", "who commented")


@suite.test
def accounts_have_their_own_findings():
    mine, other = next(fresh), next(fresh)
    imported(connect(mine), finding(mine, "mine"))
    hub = connect(other)
    equal(hub.get_findings()["Findings"], [], "another account's findings")
    [got] = hub.batch_update_findings(FindingIdentifiers=[identifier(finding(mine, "mine"))], Confidence=1)["UnprocessedFindings"]
    equal(got["ErrorCode"], "FindingNotFound", "update of another account's finding")
    equal(hub.get_finding_history(FindingIdentifier=identifier(finding(mine, "mine")))["Records"], [], "history")
    refused(lambda: hub.batch_import_findings(Findings=[finding(mine, "forged")]), "AccessDeniedException", 403)


@suite.test
def an_administrator_works_on_its_members_findings():
    administrator, member = next(fresh), next(fresh)
    above, below = connect(administrator), connect(member)
    imported(above, finding(administrator, "above"))
    imported(below, finding(member, "below"))
    reader = securityhub(*key(administrator, "reader"))
    details = [{"AccountId": member, "Email": "member@example.com"}]
    refused(lambda: reader.create_members(AccountDetails=details), "AccessDeniedException", 403, "securityhub:CreateMembers")
    equal(above.create_members(AccountDetails=details)["UnprocessedAccounts"], [], "UnprocessedAccounts")
    equal(above.invite_members(AccountIds=[member])["UnprocessedAccounts"], [], "UnprocessedAccounts")
    equal(ids(above.get_findings()), ["above"], "findings before the invitation is accepted")
    [invitation] = below.list_invitations()["Invitations"]
    below.accept_administrator_invitation(AdministratorId=administrator, InvitationId=invitation["InvitationId"])
    equal(below.get_administrator_account()["Administrator"]["AccountId"], administrator, "administrator")
    equal(sorted(ids(above.get_findings())), ["above", "below"], "administrator's findings")
    equal(ids(below.get_findings()), ["below"], "member's findings")
    theirs = identifier(finding(member, "below"))
    equal(above.batch_update_findings(FindingIdentifiers=[theirs], Confidence=7)["ProcessedFindings"], [theirs], "ProcessedFindings")
    records = below.get_finding_history(FindingIdentifier=theirs)["Records"]
    equal(records[0]["UpdateSource"]["Identity"], f"arn:aws:iam::{administrator}:user/admin", "who changed the member's finding")
    # To see is not to send: imports stay the account's own.
    refused(lambda: above.batch_import_findings(Findings=[finding(member, "forged")]), "AccessDeniedException", 403)
    below.disassociate_from_administrator_account()
    equal(ids(above.get_findings()), ["above"], "findings after the member has left")
    [got] = above.batch_update_findings(FindingIdentifiers=[theirs], Confidence=8)["UnprocessedFindings"]
    equal(got["ErrorCode"], "FindingNotFound", "update after the member has left")


def fetch(url):
    """What a browser gets, which knows no key."""
    trusted = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    try:
        with urllib.request.urlopen(url, timeout=30, context=trusted) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def presigned(hub, expires=60):
    return hub.generate_presigned_url("describe_products", Params={"MaxResults": 3}, ExpiresIn=expires)


@suite.test
def a_presigned_url_is_good_for_what_it_says():
    account = next(fresh)
    hub = connect(account)
    status, body = fetch(presigned(hub))
    equal((status, body.count('"ProductName"')), (200, 3), "answer")
    status, body = fetch(presigned(hub).replace("MaxResults=3", "MaxResults=4"))
    equal((status, "InvalidSignatureException" in body), (403, True), f"answer to a changed URL: {body}")
    with clock(minutes=-2):
        late, long = presigned(hub, 60), presigned(hub, 600)
    status, body = fetch(late)
    equal((status, "expired" in body), (403, True), f"answer to an old URL: {body}")
    equal(fetch(long)[0], 200, "status of a URL that lasts longer")
    status, body = fetch(presigned(securityhub(*assumed(account, "Developer"))))
    equal(status, 200, f"status of a session's URL: {body}")


@suite.test
def a_policy_may_ask_for_tls():
    account = next(fresh)
    connect(account)
    hub = securityhub(*key(account, "wire"))
    if MODE == "tls":
        contains(hub.describe_hub()["HubArn"], account, "HubArn")
    else:
        refused(hub.describe_hub, "AccessDeniedException", 403, "because no identity-based policy allows the securityhub:DescribeHub action")


if MODE == "tls":

    @suite.test
    def a_certificate_of_an_unknown_authority_is_not_believed():
        # What is left are the authorities that come with the client.
        with unittest.mock.patch.dict(os.environ):
            del os.environ["AWS_CA_BUNDLE"]
            id, secret = key(next(fresh))
            hub = boto3.session.Session().client("securityhub", region_name="us-east-1", aws_access_key_id=id, aws_secret_access_key=secret)
            try:
                answer = hub.describe_hub()
            except SSLError as error:
                contains(str(error), "CERTIFICATE_VERIFY_FAILED", "error")
                return
        raise AssertionError(f"no error, but {answer!r}")


if __name__ == "__main__":
    suite.run()
