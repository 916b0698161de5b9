// The SDK against a hub that checks signatures: who is refused, the token service, and the rights of roles.

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkGlobalTime;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.securityhub.SecurityHubClient;
import software.amazon.awssdk.services.securityhub.model.AccessDeniedException;
import software.amazon.awssdk.services.securityhub.model.InvalidAccessException;
import software.amazon.awssdk.services.securityhub.model.NoteUpdate;
import software.amazon.awssdk.services.securityhub.model.WorkflowStatus;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;

class Identity {
  static void tests(Map<String, Suite.Test> tests) {
    tests.put("a wrong secret, an unknown key, a token of nobody", Identity::strangers);
    tests.put("without a signature nobody is anybody", Identity::unsigned);
    tests.put("a wrong clock is refused", Identity::wrongClock);
    tests.put("hubs are off until they are enabled", Identity::hubsAreOff);
    tests.put("the token service says who calls", Identity::whoCalls);
    tests.put("roles are assumed by those they trust", Identity::trust);
    tests.put("readers read and do nothing else", Identity::readers);
    tests.put("an administrator sees its members' findings", Identity::members);
    tests.put("developers comment but do not suppress", Identity::developers);
  }

  /** The endpoint comes from AWS_ENDPOINT_URL_STS. */
  private static StsClient sts(AwsCredentials credentials) {
    return StsClient.builder()
        .region(Region.US_EAST_1)
        .credentialsProvider(StaticCredentialsProvider.create(credentials))
        .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1)))
        .build();
  }

  private static String role(String account, String name) {
    return "arn:aws:iam::" + account + ":role/" + name;
  }

  /** The SDK's own way to a role: it asks the token service when it needs keys. */
  private static StsAssumeRoleCredentialsProvider assumed(String account, String name, String externalId) {
    return StsAssumeRoleCredentialsProvider.builder()
        .stsClient(sts(Suite.key(account, "admin")))
        .refreshRequest(r -> r.roleArn(role(account, name)).roleSessionName("analyst").externalId(externalId))
        .build();
  }

  /** The call fails with this code, for which the model has no type. */
  private static void unknown(String code, String text, Runnable call) {
    try {
      call.run();
    } catch (AwsServiceException error) {
      Suite.equal(error.awsErrorDetails().errorCode(), code, "code of " + error);
      Suite.equal(error.statusCode(), 403, "status");
      Suite.equal(error.getMessage().contains(text), true, "'" + text + "' in '" + error.getMessage() + "'");
      return;
    }
    throw new AssertionError("no " + code);
  }

  private static void strangers() {
    var good = Suite.key(Suite.fresh(), "admin");
    var wrong = AwsBasicCredentials.create(good.accessKeyId(), "not-the-secret");
    var nobody = AwsBasicCredentials.create("AKIAIOSFODNN7EXAMPLE", good.secretAccessKey());
    var token = AwsSessionCredentials.create(good.accessKeyId(), good.secretAccessKey(), "token");
    unknown("InvalidSignatureException", "The request signature we calculated does not match", () -> Suite.client(wrong).describeHub(r -> {}));
    unknown("UnrecognizedClientException", "The security token included in the request is invalid", () -> Suite.client(nobody).describeHub(r -> {}));
    unknown("UnrecognizedClientException", "security token", () -> Suite.client(token).describeHub(r -> {}));
    unknown("SignatureDoesNotMatch", "signature", () -> sts(wrong).getCallerIdentity());
    unknown("InvalidClientTokenId", "security token", () -> sts(nobody).getCallerIdentity());
  }

  private static void unsigned() {
    var hub = Suite.client(AnonymousCredentialsProvider.create(), "us-east-1");
    unknown("MissingAuthenticationTokenException", "Missing Authentication Token", () -> hub.describeHub(r -> {}));
  }

  /** The offset is the one that the SDK itself keeps for machines whose clock is wrong, in seconds; clients take it when they are made. */
  private static void wrongClock() {
    var account = Suite.fresh();
    var keys = Suite.key(account, "admin");
    Suite.connect(account, "us-east-1");
    try {
      SdkGlobalTime.setGlobalTimeOffset(600);
      unknown("InvalidSignatureException", "Signature expired", () -> Suite.client(keys).describeHub(r -> {}));
      SdkGlobalTime.setGlobalTimeOffset(-600);
      unknown("InvalidSignatureException", "Signature not yet current", () -> Suite.client(keys).describeHub(r -> {}));
      // With leave to try again it learns the time from the refusal's header Date.
      SdkGlobalTime.setGlobalTimeOffset(600);
      var patient = SecurityHubClient.builder()
          .region(Region.US_EAST_1)
          .credentialsProvider(StaticCredentialsProvider.create(keys))
          .build();
      Suite.equal(patient.describeHub(r -> {}).hubArn().contains(account), true, "hubArn has the account");
    } finally {
      SdkGlobalTime.setGlobalTimeOffset(0);
    }
  }

  private static void hubsAreOff() {
    var account = Suite.fresh();
    var hub = Suite.client(Suite.key(account, "admin"));
    Suite.refused(InvalidAccessException.class, 401, "Account " + account + " is not subscribed to AWS Security Hub", () -> hub.describeHub(r -> {}));
    hub.enableSecurityHub(r -> {});
    Suite.equal(hub.describeHub(r -> {}).hubArn(), "arn:aws:securityhub:us-east-1:" + account + ":hub/default", "hubArn");
  }

  private static void whoCalls() {
    var account = Suite.fresh();
    var got = sts(Suite.key(account, "reader")).getCallerIdentity();
    Suite.equal(got.account() + " " + got.arn(), account + " arn:aws:iam::" + account + ":user/reader", "identity");
    try (var provider = assumed(account, "Developer", null)) {
      var session = sts(provider.resolveCredentials()).getCallerIdentity();
      Suite.equal(session.arn(), "arn:aws:sts::" + account + ":assumed-role/Developer/analyst", "arn of a session");
    }
  }

  private static void trust() {
    var account = Suite.fresh();
    var stranger = Suite.fresh();
    var sts = sts(Suite.key(account, "admin"));
    var got = sts.assumeRole(r -> r.roleArn(role(account, "Developer")).roleSessionName("analyst").durationSeconds(900));
    Suite.equal(got.assumedRoleUser().arn(), "arn:aws:sts::" + account + ":assumed-role/Developer/analyst", "arn");
    var most = Instant.now().plus(Duration.ofSeconds(900));
    Suite.equal(got.credentials().expiration().isAfter(most), false, "expires after " + most);
    for (var arn : List.of(role(stranger, "Developer"), role(account, "Auditor"))) {
      unknown("AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: " + arn,
          () -> sts.assumeRole(r -> r.roleArn(arn).roleSessionName("analyst")));
    }
    Suite.connect(account, "us-east-1");
    try (var provider = assumed(account, "Auditor", "ticket-4711")) {
      Suite.equal(Suite.client(provider, "us-east-1").describeHub(r -> {}).hubArn().contains(account), true, "hubArn has the account");
    }
    var keys = got.credentials();
    var without = AwsBasicCredentials.create(keys.accessKeyId(), keys.secretAccessKey());
    unknown("UnrecognizedClientException", "security token", () -> Suite.client(without).describeHub(r -> {}));
  }

  private static void readers() {
    var account = Suite.fresh();
    var one = Suite.finding(account, "one");
    Suite.imported(Suite.connect(account, "us-east-1"), one);
    var hub = Suite.client(Suite.key(account, "reader"));
    Suite.equal(Suite.read(hub, "one").id(), "one", "id");
    var text = "User: arn:aws:iam::" + account + ":user/reader is not authorized to perform: securityhub:";
    Suite.refused(AccessDeniedException.class, 403, text + "BatchImportFindings", () -> hub.batchImportFindings(r -> r.findings(one)));
    Suite.refused(AccessDeniedException.class, 403, text + "BatchUpdateFindings",
        () -> hub.batchUpdateFindings(r -> r.findingIdentifiers(Suite.identifier(one)).confidence(1)));
    Suite.refused(AccessDeniedException.class, 403, text + "DisableSecurityHub", () -> hub.disableSecurityHub(r -> {}));
  }

  private static void members() {
    var administrator = Suite.fresh();
    var member = Suite.fresh();
    var above = Suite.connect(administrator, "us-east-1");
    var below = Suite.connect(member, "us-east-1");
    Suite.imported(below, Suite.finding(member, "below"));
    above.createMembers(r -> r.accountDetails(a -> a.accountId(member)));
    Suite.equal(above.inviteMembers(r -> r.accountIds(member)).unprocessedAccounts(), List.of(), "unprocessedAccounts");
    var invitation = below.listInvitations(r -> {}).invitations().get(0).invitationId();
    below.acceptAdministratorInvitation(r -> r.administratorId(administrator).invitationId(invitation));
    Suite.equal(Suite.read(above, "below").awsAccountId(), member, "awsAccountId");
    below.disassociateFromAdministratorAccount(r -> {});
    Suite.equal(above.getFindings(r -> {}).findings(), List.of(), "findings of who has left");
  }

  private static void developers() {
    var account = Suite.fresh();
    var one = Suite.finding(account, "one");
    var admin = Suite.connect(account, "us-east-1");
    Suite.imported(admin, one);
    var note = NoteUpdate.builder().text("A test system.").updatedBy("analyst").build();
    try (var provider = assumed(account, "Developer", null)) {
      var hub = Suite.client(provider, "us-east-1");
      var answer = hub.batchUpdateFindings(r -> r.findingIdentifiers(Suite.identifier(one)).note(note));
      Suite.equal(answer.processedFindings(), List.of(Suite.identifier(one)), "processedFindings");
      Suite.refused(AccessDeniedException.class, 403, "with an explicit deny in an identity-based policy (field Workflow.Status)",
          () -> hub.batchUpdateFindings(r -> r.findingIdentifiers(Suite.identifier(one)).note(note).workflow(w -> w.status(WorkflowStatus.SUPPRESSED))));
    }
    var got = Suite.read(admin, "one");
    Suite.equal(got.note().text() + "/" + got.workflow().status(), "A test system./NEW", "note and workflow");
  }
}
