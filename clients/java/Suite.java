// The AWS SDK for Java v2: the seed's sample and a round trip.

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.securityhub.SecurityHubClient;
import software.amazon.awssdk.services.securityhub.model.*;

public class Suite {
  /** A test, which may throw anything. */
  interface Test {
    void run() throws Exception;
  }

  private static final String MODE = System.getenv().getOrDefault("FINDINGHUB_CLIENTS_MODE", "dev");

  /** Whether the hub checks signatures. Then hubs are off until somebody enables them. */
  static final boolean SIGNED = !MODE.equals("dev");

  private static long accounts = 700_000_000_000L;
  private static final Set<String> ENABLED = new HashSet<>();

  /**
   * An account id that no other test uses: with --dev a 12-digit access key id is the account, and
   * without it clients/identities.sh declares 64 from the first.
   */
  static String fresh() {
    return String.valueOf(accounts++);
  }

  /** The keys of a user of an account: admin, reader or wire, as clients/identities.sh has them. */
  static AwsCredentials key(String account, String user) {
    if (!SIGNED) {
      return AwsBasicCredentials.create(account, "not-checked");
    }
    var id = "AKIA" + (user.equals("admin") ? "" : user.toUpperCase()) + account;
    return AwsBasicCredentials.create(id, "secret-of-" + id);
  }

  /** The endpoint comes from AWS_ENDPOINT_URL_SECURITYHUB, as for anybody's unmodified program. */
  static SecurityHubClient client(AwsCredentialsProvider credentials, String region) {
    return SecurityHubClient.builder()
        .region(Region.of(region))
        .credentialsProvider(credentials)
        .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1)))
        .build();
  }

  static SecurityHubClient client(AwsCredentials credentials) {
    return client(StaticCredentialsProvider.create(credentials), "us-east-1");
  }

  /** A client of the account's administrator, whose hub is enabled. */
  static SecurityHubClient connect(String account, String region) {
    var hub = client(StaticCredentialsProvider.create(key(account, "admin")), region);
    if (SIGNED && ENABLED.add(account + "/" + region)) {
      hub.enableSecurityHub(r -> {});
    }
    return hub;
  }

  static void equal(Object got, Object want, String what) {
    if (!Objects.equals(got, want)) {
      throw new AssertionError(what + ": got " + got + ", want " + want);
    }
  }

  /** The call fails with this typed exception and status, and its message holds the text. */
  static void refused(Class<? extends SecurityHubException> type, int status, String text, Runnable call) {
    try {
      call.run();
    } catch (SecurityHubException error) {
      equal(error.getClass(), type, "type of " + error);
      equal(error.statusCode(), status, "status");
      equal(error.getMessage().contains(text), true, "'" + text + "' in '" + error.getMessage() + "'");
      return;
    }
    throw new AssertionError("no " + type.getSimpleName());
  }

  private static String product(String account) {
    return "arn:aws:securityhub:us-east-1:" + account + ":product/" + account + "/default";
  }

  /** The least that the format accepts, changed by the caller. */
  private static AwsSecurityFinding finding(String account, String id, Consumer<AwsSecurityFinding.Builder> change) {
    return AwsSecurityFinding.builder()
        .schemaVersion("2018-10-08")
        .id(id)
        .productArn(product(account))
        .generatorId("clients/real")
        .awsAccountId(account)
        .createdAt("2024-01-01T00:00:00.000Z")
        .updatedAt("2024-01-01T00:00:00.000Z")
        .title("Title of " + id)
        .description("Description of " + id)
        .findingProviderFields(f -> f.severity(s -> s.label(SeverityLabel.MEDIUM)).types("Effects/Data Exposure"))
        .resources(r -> r.type("Other").id("resource-" + id))
        .applyMutation(change)
        .build();
  }

  static AwsSecurityFinding finding(String account, String id) {
    return finding(account, id, b -> {});
  }

  static AwsSecurityFindingIdentifier identifier(AwsSecurityFinding one) {
    return AwsSecurityFindingIdentifier.builder().id(one.id()).productArn(one.productArn()).build();
  }

  static void imported(SecurityHubClient hub, AwsSecurityFinding... sent) {
    var answer = hub.batchImportFindings(r -> r.findings(sent));
    equal(answer.failedFindings(), List.of(), "failedFindings");
    equal(answer.successCount() + "/" + answer.failedCount(), sent.length + "/0", "counts");
  }

  private static StringFilter filter(String value, StringFilterComparison comparison) {
    return StringFilter.builder().value(value).comparison(comparison).build();
  }

  static AwsSecurityFinding read(SecurityHubClient hub, String id) {
    var found = hub.getFindings(r -> r.filters(f -> f.id(filter(id, StringFilterComparison.EQUALS)))).findings();
    equal(found.size(), 1, "findings with id " + id);
    return found.get(0);
  }

  /** The seed's Kotlin sample, in the words of this client. */
  private static void seedSample() {
    var hub = connect("123456789012", "us-west-1");
    imported(hub, AwsSecurityFinding.builder()
        .awsAccountId("123456789012")
        .createdAt("2020-05-27T17:05:54.832Z")
        .description("Vulnerability in a CloudTrail trail")
        .findingProviderFields(f -> f
            .severity(s -> s.label("LOW").original("10"))
            .types("Software and Configuration Checks/Vulnerabilities/CVE"))
        .generatorId("TestGeneratorId")
        .id("Id1")
        .productArn("arn:aws:securityhub:us-west-1:123456789012:product/123456789012/default")
        .resources(r -> r
            .id("arn:aws:cloudtrail:us-west-1:123456789012:trail/TrailName")
            .partition("aws").region("us-west-1").type("AwsCloudTrailTrail"))
        .schemaVersion("2018-10-08")
        .title("CloudTrail trail vulnerability")
        .updatedAt("2020-06-02T16:05:54.832Z")
        .build());
    var got = read(hub, "Id1");
    equal(got.severity(), Severity.builder().label("LOW").normalized(1).original("10").build(), "severity");
    equal(got.types(), List.of("Software and Configuration Checks/Vulnerabilities/CVE"), "types");
    equal(got.workflow().status(), WorkflowStatus.NEW, "workflow");
    equal(got.recordState(), RecordState.ACTIVE, "recordState");
    equal(got.updatedAt(), "2020-06-02T16:05:54.832Z", "updatedAt");
  }

  private static void allNineMembers() {
    var account = fresh();
    var hub = connect(account, "us-east-1");
    var one = finding(account, "nine");
    imported(hub, one);
    var related = RelatedFinding.builder().productArn(product(account)).id("other").build();
    var answer = hub.batchUpdateFindings(r -> r
        .findingIdentifiers(identifier(one))
        .note(n -> n.text("Looked into it.").updatedBy("analyst"))
        .severity(s -> s.normalized(90).product(9.5).label(SeverityLabel.CRITICAL))
        .verificationState(VerificationState.TRUE_POSITIVE)
        .confidence(42)
        .criticality(99)
        .types("TTPs/Initial Access/Phishing")
        .userDefinedFields(Map.of("team", "red", "ticket", "SEC-1"))
        .workflow(w -> w.status(WorkflowStatus.NOTIFIED))
        .relatedFindings(related));
    equal(answer.processedFindings(), List.of(identifier(one)), "processedFindings");
    equal(answer.unprocessedFindings(), List.of(), "unprocessedFindings");
    var got = read(hub, "nine");
    equal(got.note().text() + "/" + got.note().updatedBy(), "Looked into it./analyst", "note");
    equal(got.severity(), Severity.builder().label("CRITICAL").normalized(90).product(9.5).build(), "severity");
    equal(got.verificationState(), VerificationState.TRUE_POSITIVE, "verificationState");
    equal(got.confidence() + "/" + got.criticality(), "42/99", "confidence and criticality");
    equal(got.types(), List.of("TTPs/Initial Access/Phishing"), "types");
    equal(got.userDefinedFields(), Map.of("team", "red", "ticket", "SEC-1"), "userDefinedFields");
    equal(got.workflow().status(), WorkflowStatus.NOTIFIED, "workflow");
    equal(got.relatedFindings(), List.of(related), "relatedFindings");
    equal(got.updatedAt(), one.updatedAt(), "updatedAt");
  }

  private static void filtersSortingAndPages() {
    var account = fresh();
    var hub = connect(account, "us-east-1");
    var sent = IntStream.range(10, 22)
        .mapToObj(n -> finding(account, "n" + n, b -> b.updatedAt("2024-02-" + n + "T00:00:00Z").confidence(n)))
        .toArray(AwsSecurityFinding[]::new);
    imported(hub, sent);
    var newest = IntStream.range(0, 12).mapToObj(n -> "n" + (21 - n)).toList();
    var pages = hub.getFindingsPaginator(r -> r.maxResults(5));
    equal(pages.stream().map(p -> p.findings().size()).toList(), List.of(5, 5, 2), "page sizes");
    equal(pages.findings().stream().map(AwsSecurityFinding::id).toList(), newest, "ids, newest first");
    var some = hub.getFindings(r -> r
        .filters(f -> f.confidence(c -> c.gte(12.0).lt(14.0)).recordState(filter("ACTIVE", StringFilterComparison.EQUALS)))
        .sortCriteria(s -> s.field("UpdatedAt").sortOrder(SortOrder.ASC)));
    equal(some.findings().stream().map(AwsSecurityFinding::id).toList(), List.of("n12", "n13"), "ids of the filter");
    var mixed = List.of(filter("a", StringFilterComparison.EQUALS), filter("b", StringFilterComparison.NOT_EQUALS));
    refused(InvalidInputException.class, 400, "Id", () -> hub.getFindings(r -> r.filters(f -> f.id(mixed))));
    refused(InvalidInputException.class, 400, "Colour", () -> hub.getFindings(r -> r.sortCriteria(s -> s.field("Colour"))));
  }

  private static void history() {
    var account = fresh();
    var hub = connect(account, "us-east-1");
    var one = finding(account, "past");
    imported(hub, one);
    hub.batchUpdateFindings(r -> r.findingIdentifiers(identifier(one)).workflow(w -> w.status(WorkflowStatus.RESOLVED)));
    var records = hub.getFindingHistoryPaginator(r -> r.findingIdentifier(identifier(one)).maxResults(1)).records().stream().toList();
    equal(records.size(), 2, "records");
    var update = FindingHistoryUpdate.builder().updatedField("Workflow.Status").oldValue("NEW").newValue("RESOLVED").build();
    equal(records.get(0).updates(), List.of(update), "updates");
    equal(records.get(0).updateSource().type(), FindingHistoryUpdateSourceType.BATCH_UPDATE_FINDINGS, "source");
    equal(records.get(0).updateSource().identity().contains(":" + account + ":"), true, "identity has the account");
    equal(records.get(1).findingCreated(), true, "findingCreated");
  }

  private static void productsAndTags() {
    var account = fresh();
    var hub = connect(account, "us-east-1");
    var prowler = "arn:aws:securityhub:us-east-1::product/prowler/prowler";
    var subscription = hub.enableImportFindingsForProduct(r -> r.productArn(prowler)).productSubscriptionArn();
    equal(subscription, "arn:aws:securityhub:us-east-1:" + account + ":product-subscription/prowler/prowler", "subscription");
    var listed = hub.listEnabledProductsForImportPaginator().productSubscriptions().stream().toList();
    equal(listed.contains(subscription), true, "listed");
    hub.disableImportFindingsForProduct(r -> r.productSubscriptionArn(subscription));
    var failed = hub.batchImportFindings(r -> r.findings(finding(account, "x", b -> b.productArn(prowler)))).failedFindings();
    equal(failed.get(0).errorCode(), "InvalidAccess", "errorCode");
    equal(failed.get(0).errorMessage(), "Account " + account + " is not allowed to import findings for product " + prowler, "errorMessage");
    var arn = hub.describeHub(r -> {}).hubArn();
    hub.tagResource(r -> r.resourceArn(arn).tags(Map.of("team", "blue", "centre", "42")));
    hub.untagResource(r -> r.resourceArn(arn).tagKeys("team"));
    equal(hub.listTagsForResource(r -> r.resourceArn(arn)).tags(), Map.of("centre", "42"), "tags");
  }

  private static void errorsAreTyped() {
    var account = fresh();
    var hub = client(key(account, "admin"));
    hub.enableSecurityHub(r -> {});
    var bad = finding(account, "bad", b -> b.title("x".repeat(257)));
    var failed = hub.batchImportFindings(r -> r.findings(bad, finding(account, "good"))).failedFindings();
    equal(failed.size(), 1, "failed findings");
    equal(failed.get(0).errorMessage(),
        "Finding does not adhere to Amazon Finding Format. data.Title should NOT be longer than 256 characters.", "verdict");
    var many = IntStream.range(0, 101).mapToObj(n -> finding(account, "n" + n)).toList();
    refused(InvalidInputException.class, 400, "Size '101' is greater than maximum value: 100.",
        () -> hub.batchImportFindings(r -> r.findings(many)));
    var missing = identifier(finding(account, "missing"));
    var not = hub.batchUpdateFindings(r -> r.findingIdentifiers(missing).confidence(1)).unprocessedFindings();
    equal(not.get(0).errorCode() + "/" + not.get(0).errorMessage(), "FindingNotFound/Finding Not Found", "unprocessed");
    refused(InvalidInputException.class, 400, "Confidence", () -> hub.batchUpdateFindings(r -> r.findingIdentifiers(missing).confidence(101)));
    refused(ResourceConflictException.class, 409, "Account is already subscribed to Security Hub", () -> hub.enableSecurityHub(r -> {}));
    hub.disableSecurityHub(r -> {});
    refused(InvalidAccessException.class, 401, "Account " + account + " is not subscribed to AWS Security Hub", () -> hub.describeHub(r -> {}));
  }

  public static void main(String[] arguments) {
    var tests = new LinkedHashMap<String, Test>();
    tests.put("seed sample", Suite::seedSample);
    tests.put("all nine members updated", Suite::allNineMembers);
    tests.put("filters, sorting and pages", Suite::filtersSortingAndPages);
    tests.put("history says who changed what", Suite::history);
    tests.put("products and tags", Suite::productsAndTags);
    tests.put("errors are typed", Suite::errorsAreTyped);
    if (SIGNED) {
      Identity.tests(tests);
    }
    var name = SIGNED ? "java " + MODE : "java";
    var failed = new ArrayList<String>();
    tests.forEach((title, test) -> {
      try {
        test.run();
        System.out.println("ok " + name + ": " + title);
      } catch (Throwable error) {
        failed.add(title);
        var reason = error.toString().replaceAll("\\s+", " ");
        System.out.println("FAIL " + name + ": " + title + ": " + reason.substring(0, Math.min(reason.length(), 1500)));
      }
    });
    System.exit(failed.isEmpty() ? 0 : 1);
  }
}
