// Connections, findings and the runner of the JavaScript suite.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import * as sdk from "@aws-sdk/client-securityhub";

const mode = process.env.FINDINGHUB_CLIENTS_MODE ?? "dev";

/** Whether the hub checks signatures. Then its hubs are off and its products unknown until somebody enables them. */
export const signed = mode !== "dev";

const tests = [];

export function test(name, body) {
  tests.push([name, body]);
}

/** Runs every test in order, also after a failure: each uses an account of its own. */
export async function run(name) {
  const client = signed ? `${name} ${mode}` : name;
  for (const [name, body] of tests) {
    try {
      await body();
      console.log(`ok ${client}: ${name}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`FAIL ${client}: ${name}: ${`${error.name}: ${error.message}`.replace(/\s+/g, " ").slice(0, 1500)}`);
    }
  }
}

let account = 500000000000;

/**
 * An account id that no other test uses: with --dev a 12-digit access key id is the account, and
 * without it clients/identities.sh declares 64 from the first.
 */
export function fresh() {
  return String(account++);
}

/** The keys of a user of an account: admin, reader or wire, as clients/identities.sh has them. */
export function key(account, user = "admin") {
  if (!signed) return { accessKeyId: account, secretAccessKey: "not-checked" };
  const accessKeyId = `AKIA${user === "admin" ? "" : user.toUpperCase()}${account}`;
  return { accessKeyId, secretAccessKey: `secret-of-${accessKeyId}` };
}

/** The endpoint comes from AWS_ENDPOINT_URL_SECURITYHUB, as for anybody's unmodified program. */
export function client(credentials, region = "us-east-1", more = {}) {
  return new sdk.SecurityHubClient({ region, credentials, maxAttempts: 1, ...more });
}

const enabled = new Set();

/** A client of the account's administrator, whose hub is enabled unless on is false. */
export async function connect(account, region = "us-east-1", on = true) {
  const hub = client(key(account), region);
  if (signed && on && !enabled.has(`${account}/${region}`)) {
    enabled.add(`${account}/${region}`);
    await hub.send(new sdk.EnableSecurityHubCommand({}));
  }
  return hub;
}

/** Lets the hub take a product's findings; without --dev all but an account's own and the cloud's own need it. */
export async function subscribe(hub, ProductArn) {
  if (!signed || ProductArn.includes("::product/aws/") || ProductArn.endsWith("/default")) return;
  await hub.send(new sdk.EnableImportFindingsForProductCommand({ ProductArn }));
}

export function defaultProduct(id, region = "us-east-1") {
  return `arn:aws:securityhub:${region}:${id}:product/${id}/default`;
}

/** The least that the format accepts, with some members changed. */
export function finding(id, name, changes = {}) {
  return {
    SchemaVersion: "2018-10-08",
    Id: name,
    ProductArn: defaultProduct(id),
    GeneratorId: "clients/real",
    AwsAccountId: id,
    CreatedAt: "2024-01-01T00:00:00.000Z",
    UpdatedAt: "2024-01-01T00:00:00.000Z",
    Title: `Title of ${name}`,
    Description: `Description of ${name}`,
    FindingProviderFields: { Severity: { Label: "MEDIUM", Original: "5" }, Types: ["Effects/Data Exposure"] },
    Resources: [{ Type: "AwsS3Bucket", Id: `arn:aws:s3:::bucket-${name}`, Partition: "aws", Region: "us-east-1" }],
    ...changes,
  };
}

/** The real findings that INDEX.tsv calls clean, by ACCOUNT/REGION, each identity once. */
export function cleanCorpus() {
  const folder = path.join(process.env.FINDINGHUB_SHARED, "corpus", "asff");
  const groups = new Map();
  const seen = new Set();
  for (const row of readFileSync(path.join(folder, "INDEX.tsv"), "utf8").split("\n")) {
    const [name, verdict] = row.split("\t");
    if (verdict !== "clean") continue;
    const one = JSON.parse(readFileSync(path.join(folder, `${name}.json`), "utf8"));
    const key = `${one.AwsAccountId}/${one.ProductArn.split(":")[3]}`;
    if (seen.has(`${key}/${one.ProductArn}/${one.Id}`)) continue;
    seen.add(`${key}/${one.ProductArn}/${one.Id}`);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}

export function identifier(one) {
  return { Id: one.Id, ProductArn: one.ProductArn };
}

export async function imported(hub, ...sent) {
  const { FailedCount, SuccessCount, FailedFindings } = await hub.send(new sdk.BatchImportFindingsCommand({ Findings: sent }));
  assert.deepEqual({ FailedCount, SuccessCount, FailedFindings }, { FailedCount: 0, SuccessCount: sent.length, FailedFindings: [] });
}

export async function read(hub, Value) {
  const { Findings } = await hub.send(new sdk.GetFindingsCommand({ Filters: { Id: [{ Value, Comparison: "EQUALS" }] } }));
  assert.equal(Findings.length, 1, `findings with Id ${Value}`);
  return Findings[0];
}

/** The call fails with this typed error, status and text. */
export async function refused(call, type, status, words) {
  const error = await call().then(
    () => assert.fail(`no ${type.name}`),
    (thrown) => thrown,
  );
  assert.ok(error instanceof type, `${error.name}: ${error.message}, want ${type.name}`);
  assert.equal(error.$metadata.httpStatusCode, status);
  assert.match(error.message, words);
}
