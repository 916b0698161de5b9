// The AWS SDK for JavaScript v3: the seeds' examples and a round trip through the hub.
import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-securityhub";
import { cleanCorpus, connect, defaultProduct, finding, fresh, identifier, imported, read, refused, run, signed, subscribe, test } from "./hub.mjs";

const sampleProduct = "arn:aws:securityhub:us-west-1:123456789012:product/123456789012/default";

// The seed's Kotlin sample, in the words of this client.
const sample = {
  AwsAccountId: "123456789012",
  CreatedAt: "2020-05-27T17:05:54.832Z",
  Description: "Vulnerability in a CloudTrail trail",
  FindingProviderFields: {
    Severity: { Label: "LOW", Original: "10" },
    Types: ["Software and Configuration Checks/Vulnerabilities/CVE"],
  },
  GeneratorId: "TestGeneratorId",
  Id: "Id1",
  ProductArn: sampleProduct,
  Resources: [
    { Id: "arn:aws:cloudtrail:us-west-1:123456789012:trail/TrailName", Partition: "aws", Region: "us-west-1", Type: "AwsCloudTrailTrail" },
  ],
  SchemaVersion: "2018-10-08",
  Title: "CloudTrail trail vulnerability",
  UpdatedAt: "2020-06-02T16:05:54.832Z",
};

// The nine members that a customer may set.
const nine = {
  Note: { Text: "Looked into it.", UpdatedBy: "analyst" },
  Severity: { Normalized: 90, Product: 9.5, Label: "CRITICAL" },
  VerificationState: "TRUE_POSITIVE",
  Confidence: 42,
  Criticality: 99,
  Types: ["TTPs/Initial Access/Phishing"],
  UserDefinedFields: { team: "red", ticket: "SEC-1" },
  Workflow: { Status: "NOTIFIED" },
  RelatedFindings: [{ ProductArn: "arn:aws:securityhub:us-west-1::product/aws/guardduty", Id: "other" }],
};

test("seed import sample", async () => {
  const hub = await connect("123456789012", "us-west-1");
  await imported(hub, sample);
  const got = await read(hub, "Id1");
  assert.equal(got.Title, sample.Title);
  assert.deepEqual(got.FindingProviderFields, sample.FindingProviderFields);
  assert.deepEqual(got.Severity, { Label: "LOW", Normalized: 1, Original: "10" });
  assert.deepEqual(got.Types, sample.FindingProviderFields.Types);
  assert.deepEqual(got.Workflow, { Status: "NEW" });
  assert.equal(got.RecordState, "ACTIVE");
  assert.equal(got.ProductFields["aws/securityhub/FindingId"], `${sampleProduct}/Id1`);
});

test("seed update with two findings and with all nine members", async () => {
  const account = fresh();
  const hub = await connect(account);
  const both = [finding(account, "one"), finding(account, "two")];
  await imported(hub, ...both);
  const answer = await hub.send(new sdk.BatchUpdateFindingsCommand({ FindingIdentifiers: both.map(identifier), ...nine }));
  assert.deepEqual(answer.ProcessedFindings, both.map(identifier));
  assert.deepEqual(answer.UnprocessedFindings, []);
  for (const one of both) {
    const got = await read(hub, one.Id);
    const { UpdatedAt, ...note } = got.Note;
    assert.deepEqual(note, nine.Note);
    assert.ok(!Number.isNaN(Date.parse(UpdatedAt)), UpdatedAt);
    assert.equal(got.Severity.Label, "CRITICAL");
    assert.equal(got.Severity.Normalized, 90);
    assert.equal(got.Severity.Product, 9.5);
    for (const name of Object.keys(nine).filter((n) => n !== "Note" && n !== "Severity")) {
      assert.deepEqual(got[name], nine[name], name);
    }
    assert.equal(got.UpdatedAt, one.UpdatedAt);
  }
});

test("hub enabled, described, configured, off", async () => {
  const account = fresh();
  const hub = await connect(account, "us-east-1", false);
  const HubArn = `arn:aws:securityhub:us-east-1:${account}:hub/default`;
  await hub.send(new sdk.EnableSecurityHubCommand({ EnableDefaultStandards: false }));
  const again = () => hub.send(new sdk.EnableSecurityHubCommand({}));
  await refused(again, sdk.ResourceConflictException, 409, /Account is already subscribed to Security Hub/);
  await hub.send(new sdk.UpdateSecurityHubConfigurationCommand({ AutoEnableControls: false }));
  const got = await hub.send(new sdk.DescribeHubCommand({ HubArn }));
  assert.equal(got.HubArn, HubArn);
  assert.equal(got.AutoEnableControls, false);
  await hub.send(new sdk.DisableSecurityHubCommand({}));
  const off = new RegExp(`^Account ${account} is not subscribed to AWS Security Hub$`);
  await refused(() => hub.send(new sdk.DescribeHubCommand({})), sdk.InvalidAccessException, 401, off);
  await refused(() => hub.send(new sdk.GetFindingsCommand({})), sdk.InvalidAccessException, 401, off);
});

test("corpus imported and read back", async () => {
  for (const [key, sent] of cleanCorpus()) {
    const [account, region] = key.split("/");
    const hub = await connect(account, region);
    for (const product of new Set(sent.map((one) => one.ProductArn))) await subscribe(hub, product);
    for (let i = 0; i < sent.length; i += 100) await imported(hub, ...sent.slice(i, i + 100));
    const got = new Map();
    for await (const page of sdk.paginateGetFindings({ client: hub, pageSize: 50 }, {})) {
      for (const one of page.Findings) got.set(`${one.ProductArn}/${one.Id}`, one);
    }
    assert.equal(got.size, sent.length, key);
    for (const one of sent) {
      const kept = got.get(`${one.ProductArn}/${one.Id}`);
      for (const name of ["Title", "Description", "Resources", "UpdatedAt"]) assert.deepEqual(kept[name], one[name], `${one.Id} ${name}`);
    }
  }
});

test("filters, sorting and pages", async () => {
  const account = fresh();
  const hub = await connect(account);
  const sent = Array.from({ length: 12 }, (_, n) =>
    finding(account, `n${String(n).padStart(2, "0")}`, {
      UpdatedAt: `2024-02-${String(n + 1).padStart(2, "0")}T00:00:00Z`,
      Confidence: n,
      ...(n === 3 && { UserDefinedFields: { team: "blue" } }),
    }),
  );
  await imported(hub, ...sent);
  const ids = async (input) => (await hub.send(new sdk.GetFindingsCommand(input))).Findings.map((one) => one.Id);
  const equals = (Value) => [{ Value, Comparison: "EQUALS" }];
  assert.deepEqual(await ids({ Filters: { UserDefinedFields: [{ Key: "team", Value: "blue", Comparison: "EQUALS" }] } }), ["n03"]);
  assert.deepEqual(await ids({ Filters: { Confidence: [{ Gte: 4, Lt: 6 }] } }), ["n05", "n04"]);
  assert.deepEqual(await ids({ Filters: { Id: [{ Value: "n1", Comparison: "PREFIX" }], RecordState: equals("ACTIVE") } }), ["n11", "n10"]);
  const oldest = { SortCriteria: [{ Field: "UpdatedAt", SortOrder: "asc" }], MaxResults: 2 };
  assert.deepEqual(await ids(oldest), ["n00", "n01"]);
  const paged = [];
  for await (const page of sdk.paginateGetFindings({ client: hub, pageSize: 5 }, {})) paged.push(page.Findings.map((one) => one.Id));
  assert.deepEqual(paged.map((page) => page.length), [5, 5, 2]);
  assert.deepEqual(paged.flat(), sent.map((one) => one.Id).reverse());
});

test("history says who changed what", async () => {
  const account = fresh();
  const hub = await connect(account);
  const one = finding(account, "past");
  await imported(hub, one);
  await hub.send(new sdk.BatchUpdateFindingsCommand({ FindingIdentifiers: [identifier(one)], Workflow: { Status: "RESOLVED" } }));
  const { Records } = await hub.send(new sdk.GetFindingHistoryCommand({ FindingIdentifier: identifier(one) }));
  assert.equal(Records.length, 2);
  assert.deepEqual(Records[0].Updates, [{ UpdatedField: "Workflow.Status", OldValue: "NEW", NewValue: "RESOLVED" }]);
  assert.equal(Records[0].UpdateSource.Type, "BATCH_UPDATE_FINDINGS");
  assert.match(Records[0].UpdateSource.Identity, new RegExp(`:${account}:`));
  assert.ok(Records[0].UpdateTime instanceof Date);
  assert.equal(Records[1].FindingCreated, true);
  const bounds = { StartTime: new Date("2001-01-01T00:00:00Z"), EndTime: new Date("2001-01-02T00:00:00Z") };
  const none = await hub.send(new sdk.GetFindingHistoryCommand({ FindingIdentifier: identifier(one), ...bounds }));
  assert.deepEqual(none.Records, []);
});

test("products enabled, listed, switched off", async () => {
  const account = fresh();
  const hub = await connect(account);
  const ProductArn = "arn:aws:securityhub:us-east-1::product/prowler/prowler";
  const want = `arn:aws:securityhub:us-east-1:${account}:product-subscription/prowler/prowler`;
  const { ProductSubscriptionArn } = await hub.send(new sdk.EnableImportFindingsForProductCommand({ ProductArn }));
  assert.equal(ProductSubscriptionArn, want);
  const listed = async () => {
    const all = [];
    for await (const page of sdk.paginateListEnabledProductsForImport({ client: hub }, {})) all.push(...page.ProductSubscriptions);
    return all;
  };
  assert.ok((await listed()).includes(want));
  await hub.send(new sdk.DisableImportFindingsForProductCommand({ ProductSubscriptionArn }));
  assert.ok(!(await listed()).includes(want));
  const { FailedFindings } = await hub.send(new sdk.BatchImportFindingsCommand({ Findings: [finding(account, "x", { ProductArn })] }));
  const ErrorMessage = `Account ${account} is not allowed to import findings for product ${ProductArn}`;
  assert.deepEqual(FailedFindings, [{ Id: "x", ErrorCode: "InvalidAccess", ErrorMessage }]);
  const { Products } = await hub.send(new sdk.DescribeProductsCommand({ ProductArn }));
  assert.equal(Products[0].ProductName, "Prowler");
});

test("tags come and go", async () => {
  const account = fresh();
  const hub = await connect(account);
  const ResourceArn = `arn:aws:securityhub:us-east-1:${account}:hub/default`;
  await hub.send(new sdk.TagResourceCommand({ ResourceArn, Tags: { team: "blue", centre: "42" } }));
  assert.deepEqual((await hub.send(new sdk.ListTagsForResourceCommand({ ResourceArn }))).Tags, { team: "blue", centre: "42" });
  await hub.send(new sdk.UntagResourceCommand({ ResourceArn, TagKeys: ["team"] }));
  assert.deepEqual((await hub.send(new sdk.ListTagsForResourceCommand({ ResourceArn }))).Tags, { centre: "42" });
  const other = { ResourceArn: ResourceArn.replace(account, fresh()) };
  await refused(() => hub.send(new sdk.ListTagsForResourceCommand(other)), sdk.ResourceNotFoundException, 404, /./);
});

test("verdicts and errors in the service's words", async () => {
  const account = fresh();
  const hub = await connect(account);
  const bad = finding(account, "bad", { Title: "x".repeat(257), Resources: [{ Type: "", Id: "x" }] });
  const answer = await hub.send(new sdk.BatchImportFindingsCommand({ Findings: [bad, finding(account, "good")] }));
  assert.equal(answer.SuccessCount, 1);
  assert.equal(answer.FailedCount, 1);
  const verdict = "data.Title should NOT be longer than 256 characters, data.Resources[0].Type should NOT be shorter than 1 characters.";
  const ErrorMessage = `Finding does not adhere to Amazon Finding Format. ${verdict}`;
  assert.deepEqual(answer.FailedFindings, [{ Id: "bad", ErrorCode: "InvalidInput", ErrorMessage }]);
  const missing = { Id: "missing", ProductArn: defaultProduct(account) };
  const { UnprocessedFindings } = await hub.send(new sdk.BatchUpdateFindingsCommand({ FindingIdentifiers: [missing], Confidence: 1 }));
  assert.deepEqual(UnprocessedFindings, [{ FindingIdentifier: missing, ErrorCode: "FindingNotFound", ErrorMessage: "Finding Not Found" }]);
  for (const [command, words] of [
    [new sdk.BatchImportFindingsCommand({ Findings: Array.from({ length: 101 }, (_, n) => finding(account, `n${n}`)) }), /Size '101' is greater than maximum value: 100\./],
    [new sdk.BatchUpdateFindingsCommand({ FindingIdentifiers: [missing], Criticality: 101 }), /Criticality/],
    [new sdk.BatchUpdateFindingsCommand({ FindingIdentifiers: [missing], VerificationState: "MAYBE" }), /VerificationState/],
    [new sdk.GetFindingsCommand({ Filters: { Id: [{ Value: "a", Comparison: "EQUALS" }, { Value: "b", Comparison: "NOT_EQUALS" }] } }), /Id/],
    [new sdk.GetFindingsCommand({ NextToken: "bm90IGEgdG9rZW4=" }), /NextToken/],
    // Names that no client's model knows; this SDK sends them as they are.
    [new sdk.GetFindingsCommand({ SortCriteria: [{ Field: "Colour", SortOrder: "asc" }] }), /Colour/],
  ]) {
    await refused(() => hub.send(command), sdk.InvalidInputException, 400, words);
  }
});

if (signed) await import("./identity.mjs");
await run("js");
