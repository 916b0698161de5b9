// Against a hub that checks signatures: who is refused, the token service, and the rights of roles.
import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-securityhub";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { client, connect, finding, fresh, identifier, imported, key, read, refused, test } from "./hub.mjs";

const region = "us-east-1";
const externalId = "ticket-4711";
const describe = (hub) => () => hub.send(new sdk.DescribeHubCommand({}));
const role = (account, name) => `arn:aws:iam::${account}:role/${name}`;

/** The endpoint comes from AWS_ENDPOINT_URL_STS. */
function sts(credentials) {
  return new STSClient({ region, credentials, maxAttempts: 1 });
}

/** The SDK's own way to a role: it asks the token service when it needs keys. */
function assumed(account, name, more = {}) {
  return fromTemporaryCredentials({
    masterCredentials: key(account),
    params: { RoleArn: role(account, name), RoleSessionName: "analyst", ...more },
    clientConfig: { region },
  });
}

/** Errors of signatures are not in the model, so that they have a name but no class of their own. */
async function unknown(call, name, status, words) {
  const error = await call().then(
    () => assert.fail(`no ${name}`),
    (thrown) => thrown,
  );
  assert.equal(error.name, name, error.message);
  assert.equal(error.$metadata.httpStatusCode, status);
  assert.match(error.message, words);
}

test("a wrong secret, an unknown key, a token of nobody", async () => {
  const account = fresh();
  const wrong = { ...key(account), secretAccessKey: "not-the-secret" };
  await unknown(describe(client(wrong)), "InvalidSignatureException", 403, /The request signature we calculated does not match/);
  const nobody = { ...key(account), accessKeyId: "AKIAIOSFODNN7EXAMPLE" };
  await unknown(describe(client(nobody)), "UnrecognizedClientException", 403, /The security token included in the request is invalid/);
  await unknown(describe(client({ ...key(account), sessionToken: "token" })), "UnrecognizedClientException", 403, /security token/);
  await unknown(() => sts(wrong).send(new GetCallerIdentityCommand({})), "SignatureDoesNotMatch", 403, /signature/);
  await unknown(() => sts(nobody).send(new GetCallerIdentityCommand({})), "InvalidClientTokenId", 403, /security token/);
});

test("without a signature nobody is anybody", async () => {
  const hub = client(key(fresh()), region, { signer: { sign: async (request) => request } });
  await unknown(describe(hub), "MissingAuthenticationTokenException", 403, /Missing Authentication Token/);
});

test("a wrong clock is refused, and set right by the hub's own", async () => {
  const account = fresh();
  await connect(account);
  for (const [minutes, words] of [[-10, /Signature expired/], [10, /Signature not yet current/]]) {
    const hub = client(key(account), region, { systemClockOffset: minutes * 60_000 });
    await unknown(describe(hub), "InvalidSignatureException", 403, words);
    // This SDK learns the time from the header Date of the refusal.
    assert.match((await describe(hub)()).HubArn, /hub\/default$/);
  }
});

test("hubs are off until they are enabled", async () => {
  const account = fresh();
  const hub = await connect(account, region, false);
  const off = new RegExp(`^Account ${account} is not subscribed to AWS Security Hub$`);
  await refused(describe(hub), sdk.InvalidAccessException, 401, off);
  await connect(account);
  assert.match((await describe(hub)()).HubArn, new RegExp(account));
});

test("the token service says who calls", async () => {
  const account = fresh();
  const who = async (credentials) => (await sts(credentials).send(new GetCallerIdentityCommand({}))).Arn;
  assert.equal(await who(key(account)), `arn:aws:iam::${account}:user/admin`);
  assert.equal(await who(key(account, "reader")), `arn:aws:iam::${account}:user/reader`);
  assert.equal(await who(assumed(account, "Developer")), `arn:aws:sts::${account}:assumed-role/Developer/analyst`);
});

test("roles are assumed by those they trust", async () => {
  const account = fresh();
  const RoleSessionName = "analyst";
  const assume = (RoleArn, more = {}) => () => sts(key(account)).send(new AssumeRoleCommand({ RoleArn, RoleSessionName, ...more }));
  const { AssumedRoleUser, Credentials } = await assume(role(account, "Developer"), { DurationSeconds: 900 })();
  assert.equal(AssumedRoleUser.Arn, `arn:aws:sts::${account}:assumed-role/Developer/analyst`);
  assert.ok(Credentials.Expiration - Date.now() <= 900_000, "Expiration");
  const denied = /is not authorized to perform: sts:AssumeRole on resource: /;
  await unknown(assume(role(fresh(), "Developer")), "AccessDenied", 403, denied);
  await unknown(assume(role(account, "Auditor")), "AccessDenied", 403, denied);
  const auditor = await connect(account).then(() => client(assumed(account, "Auditor", { ExternalId: externalId })));
  assert.match((await describe(auditor)()).HubArn, new RegExp(account));
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = Credentials;
  await unknown(describe(client({ accessKeyId, secretAccessKey })), "UnrecognizedClientException", 403, /security token/);
});

test("readers read and do nothing else", async () => {
  const account = fresh();
  const one = finding(account, "one");
  await imported(await connect(account), one);
  const hub = client(key(account, "reader"));
  assert.equal((await read(hub, "one")).Id, "one");
  for (const [action, command] of [
    ["BatchImportFindings", new sdk.BatchImportFindingsCommand({ Findings: [one] })],
    ["BatchUpdateFindings", new sdk.BatchUpdateFindingsCommand({ FindingIdentifiers: [identifier(one)], Confidence: 1 })],
    ["DisableSecurityHub", new sdk.DisableSecurityHubCommand({})],
  ]) {
    const words = new RegExp(`^User: arn:aws:iam::${account}:user/reader is not authorized to perform: securityhub:${action} on resource: `);
    await refused(() => hub.send(command), sdk.AccessDeniedException, 403, words);
  }
});

test("an administrator sees its members' findings", async () => {
  const [administrator, member] = [fresh(), fresh()];
  const [above, below] = [await connect(administrator), await connect(member)];
  await imported(below, finding(member, "below"));
  await above.send(new sdk.CreateMembersCommand({ AccountDetails: [{ AccountId: member }] }));
  await above.send(new sdk.InviteMembersCommand({ AccountIds: [member] }));
  const { Invitations } = await below.send(new sdk.ListInvitationsCommand({}));
  const [{ InvitationId }] = Invitations;
  await below.send(new sdk.AcceptAdministratorInvitationCommand({ AdministratorId: administrator, InvitationId }));
  assert.equal((await read(above, "below")).AwsAccountId, member);
  await below.send(new sdk.DisassociateFromAdministratorAccountCommand({}));
  assert.deepEqual((await above.send(new sdk.GetFindingsCommand({}))).Findings, []);
});

test("developers comment but do not suppress", async () => {
  const account = fresh();
  const one = finding(account, "one");
  const admin = await connect(account);
  await imported(admin, one);
  const hub = client(assumed(account, "Developer"));
  const Note = { Text: "A test system.", UpdatedBy: "analyst" };
  const update = (more) => hub.send(new sdk.BatchUpdateFindingsCommand({ FindingIdentifiers: [identifier(one)], Note, ...more }));
  assert.deepEqual((await update({})).ProcessedFindings, [identifier(one)]);
  const words = /with an explicit deny in an identity-based policy \(field Workflow\.Status\)/;
  await refused(() => update({ Workflow: { Status: "SUPPRESSED" } }), sdk.AccessDeniedException, 403, words);
  const got = await read(admin, "one");
  assert.equal(got.Note.Text, Note.Text);
  assert.equal(got.Workflow.Status, "NEW");
});
