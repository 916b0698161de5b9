"""The AWS CLI, versions 1 and 2, against a hub that checks signatures: who is refused, the token
service, roles by profile, and the rights of users."""

import json
import os

from cli_client import AWS, ENDPOINT, V2, File, aws, imported, pair, parsed, read, refused, run, shorthand, user
from findings import accounts, finding
from keys import EXTERNAL_ID, role
from suite import Suite, contains, equal, members

suite = Suite(os.environ["AWS_CLI_NAME"])
fresh = accounts(200000000040 if V2 else 100000000040)


def hub(who, *arguments, region="us-east-1"):
    return parsed(run(who, "securityhub", *arguments, "--output", "json", region=region))


def sts(who, *arguments):
    return parsed(run(who, "sts", *arguments, "--output", "json"))


def session(account, name, *more):
    """The variables of a session of a role, as people set them from assume-role's answer."""
    got = sts(user(account), "assume-role", "--role-arn", role(account, name), "--role-session-name", "analyst", *more)
    keys = got["Credentials"]
    return {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"], "AWS_SESSION_TOKEN": keys["SessionToken"]}


@suite.test
def without_a_signature_nobody_is_anybody():
    refused(lambda: hub({}, "describe-hub", "--no-sign-request"), "MissingAuthenticationTokenException", "DescribeHub", "Missing Authentication Token")


@suite.test
def a_wrong_secret_is_refused():
    who = user(next(fresh)) | {"AWS_SECRET_ACCESS_KEY": "not-the-secret"}
    text = "The request signature we calculated does not match the signature you provided."
    refused(lambda: hub(who, "describe-hub"), "InvalidSignatureException", "DescribeHub", text)
    refused(lambda: sts(who, "get-caller-identity"), "SignatureDoesNotMatch", "GetCallerIdentity", text)


@suite.test
def an_unknown_key_is_refused():
    who = user(next(fresh)) | {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}
    text = "The security token included in the request is invalid"
    refused(lambda: hub(who, "describe-hub"), "UnrecognizedClientException", "DescribeHub", text)
    refused(lambda: sts(who, "get-caller-identity"), "InvalidClientTokenId", "GetCallerIdentity", text)


@suite.test
def hubs_are_off_until_they_are_enabled():
    account = next(fresh)
    off = f"Account {account} is not subscribed to AWS Security Hub"
    refused(lambda: aws(account, "describe-hub", on=False), "InvalidAccessException", "DescribeHub", off)
    equal(aws(account, "enable-security-hub"), None, "output")
    contains(aws(account, "describe-hub", "--query", "HubArn"), account, "HubArn")


@suite.test
def the_token_service_says_who_calls():
    account = next(fresh)
    got = sts(user(account), "get-caller-identity")
    members(got, {"Account": account, "Arn": f"arn:aws:iam::{account}:user/admin"}, "identity")
    got = sts(session(account, "Developer"), "get-caller-identity")
    members(got, {"Account": account, "Arn": f"arn:aws:sts::{account}:assumed-role/Developer/analyst"}, "identity of a session")


@suite.test
def roles_ask_for_what_they_trust():
    account = next(fresh)
    auditor = role(account, "Auditor")
    denied = f"User: arn:aws:iam::{account}:user/admin is not authorized to perform: sts:AssumeRole on resource: {auditor}"
    refused(lambda: session(account, "Auditor"), "AccessDenied", "AssumeRole", denied)
    contains(session(account, "Auditor", "--external-id", EXTERNAL_ID)["AWS_ACCESS_KEY_ID"], "ASIA", "key")
    other = ["--role-arn", role(next(fresh), "Developer"), "--role-session-name", "analyst"]
    refused(lambda: sts(user(account), "assume-role", *other), "AccessDenied", "AssumeRole")


@suite.test
def developers_comment_but_do_not_suppress():
    account = next(fresh)
    one = finding(account, "one")
    imported(account, one)
    developer = session(account, "Developer")
    update = ["batch-update-findings", "--finding-identifiers", shorthand(one)]
    equal(hub(developer, *update, "--note", "Text=A test system.,UpdatedBy=analyst")["ProcessedFindings"], [pair(one)], "ProcessedFindings")
    suppress = lambda: hub(developer, *update, "--workflow", "Status=SUPPRESSED")
    refused(suppress, "AccessDeniedException", "BatchUpdateFindings", "with an explicit deny in an identity-based policy (field Workflow.Status)")
    without = {name: value for name, value in developer.items() if name != "AWS_SESSION_TOKEN"}
    refused(lambda: hub(without, "describe-hub"), "UnrecognizedClientException", "DescribeHub")
    got = read(account, "one")
    equal((got["Note"]["Text"], got["Workflow"]["Status"]), ("A test system.", "NEW"), "note and workflow")


@suite.test
def readers_read_and_do_nothing_else():
    account = next(fresh)
    one = finding(account, "one")
    imported(account, one)
    reader = user(account, "reader")
    equal(hub(reader, "get-findings", "--query", "Findings[].Id"), ["one"], "findings")
    for command, operation in (
        (["batch-import-findings", "--findings", json.dumps([one])], "BatchImportFindings"),
        (["batch-update-findings", "--finding-identifiers", shorthand(one), "--confidence", "1"], "BatchUpdateFindings"),
        (["disable-security-hub"], "DisableSecurityHub"),
    ):
        text = f"User: arn:aws:iam::{account}:user/reader is not authorized to perform: securityhub:{operation} on resource: "
        refused(lambda: hub(reader, *command), "AccessDeniedException", operation, text)


@suite.test
def an_administrator_sees_its_members_findings():
    administrator, member = next(fresh), next(fresh)
    imported(member, finding(member, "below"))
    aws(administrator, "create-members", "--account-details", f"AccountId={member}")
    equal(aws(administrator, "invite-members", "--account-ids", member), {"UnprocessedAccounts": []}, "answer")
    invitation = aws(member, "list-invitations", "--query", "Invitations[0].InvitationId")
    aws(member, "accept-administrator-invitation", "--administrator-id", administrator, "--invitation-id", invitation)
    equal(aws(administrator, "list-members", "--query", "Members[].AccountId"), [member], "members")
    equal(aws(administrator, "get-findings", "--query", "Findings[].Id"), ["below"], "findings")
    aws(administrator, "disassociate-members", "--account-ids", member)
    equal(aws(administrator, "get-findings", "--query", "Findings[].Id"), [], "findings of who has left")


def by_profile(account, auditor):
    """Runs a command with a profile whose role the client itself sees to."""
    imported(account, finding(account, "one"))
    key = user(account)
    text = f"""
[profile base]
aws_access_key_id = {key["AWS_ACCESS_KEY_ID"]}
aws_secret_access_key = {key["AWS_SECRET_ACCESS_KEY"]}
[profile audit]
{auditor}
"""
    with File(text, ".ini") as path:
        who = {"AWS_CONFIG_FILE": path.removeprefix("file://"), "AWS_PROFILE": "audit"}
        equal(sts(who, "get-caller-identity")["Arn"], f"arn:aws:sts::{account}:assumed-role/Auditor/nightly", "Arn")
        equal(hub(who, "get-findings", "--query", "Findings[].Id"), ["one"], "findings")
        text = "assumed-role/Auditor/nightly is not authorized to perform: securityhub:DisableSecurityHub"
        refused(lambda: hub(who, "disable-security-hub"), "AccessDeniedException", "DisableSecurityHub", text)


def role_of_a_profile():
    account = next(fresh)
    by_profile(account, f"role_arn = {role(account, 'Auditor')}\nsource_profile = base\nrole_session_name = nightly\nexternal_id = {EXTERNAL_ID}")


def role_of_a_credential_process():
    account = next(fresh)
    query = "{Version: `1`, AccessKeyId: Credentials.AccessKeyId, SecretAccessKey: Credentials.SecretAccessKey, SessionToken: Credentials.SessionToken, Expiration: Credentials.Expiration}"
    words = [AWS, *ENDPOINT, "sts", "assume-role", "--profile", "base", "--output", "json", "--query", f"'{query}'"]
    words += ["--role-arn", role(account, "Auditor"), "--role-session-name", "nightly", "--external-id", EXTERNAL_ID]
    by_profile(account, f"credential_process = {' '.join(words)}")


# The endpoint of the token service that a profile's role is assumed at can be given by a variable alone,
# which old versions do not know; they get by with a process that calls the command with its option.
suite.test(role_of_a_credential_process if ENDPOINT else role_of_a_profile)


if __name__ == "__main__":
    suite.run()
