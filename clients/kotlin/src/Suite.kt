// The AWS SDK for Kotlin: the seed's sample, compiled as it is printed, and a round trip.
package clients

import aws.sdk.kotlin.services.securityhub.SecurityHubClient
import aws.sdk.kotlin.services.securityhub.batchImportFindings
import aws.sdk.kotlin.services.securityhub.batchUpdateFindings
import aws.sdk.kotlin.services.securityhub.describeHub
import aws.sdk.kotlin.services.securityhub.disableImportFindingsForProduct
import aws.sdk.kotlin.services.securityhub.disableSecurityHub
import aws.sdk.kotlin.services.securityhub.enableImportFindingsForProduct
import aws.sdk.kotlin.services.securityhub.enableSecurityHub
import aws.sdk.kotlin.services.securityhub.getFindingHistory
import aws.sdk.kotlin.services.securityhub.getFindings
import aws.sdk.kotlin.services.securityhub.listEnabledProductsForImport
import aws.sdk.kotlin.services.securityhub.listTagsForResource
import aws.sdk.kotlin.services.securityhub.model.*
import aws.sdk.kotlin.services.securityhub.paginators.findings
import aws.sdk.kotlin.services.securityhub.paginators.getFindingsPaginated
import aws.sdk.kotlin.services.securityhub.tagResource
import aws.sdk.kotlin.services.securityhub.untagResource
import aws.smithy.kotlin.runtime.auth.awscredentials.Credentials
import aws.smithy.kotlin.runtime.auth.awscredentials.CredentialsProvider
import aws.smithy.kotlin.runtime.collections.Attributes
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlin.system.exitProcess

private val mode = System.getenv("FINDINGHUB_CLIENTS_MODE") ?: "dev"

/** Whether the hub checks signatures. Then hubs are off until somebody enables them. */
private val signed = mode != "dev"

private class Key(val id: String, val secret: String) : CredentialsProvider {
    override suspend fun resolve(attributes: Attributes) = Credentials(id, secret)
}

/** The key of a user of an account, as clients/identities.sh has it; with --dev any 12-digit id is the account. */
private fun key(account: String, user: String = "admin"): Key {
    if (!signed) return Key(account, "not-checked")
    val id = "AKIA" + (if (user == "admin") "" else user.uppercase()) + account
    return Key(id, "secret-of-$id")
}

/** The endpoint comes from AWS_ENDPOINT_URL_SECURITYHUB, as for anybody's unmodified program. */
private suspend fun client(keys: Key, where: String = "us-east-1") = SecurityHubClient.fromEnvironment {
    region = where
    credentialsProvider = keys
    retryStrategy { maxAttempts = 1 }
}

private val enabled = mutableSetOf<String>()

/** A client of the account's administrator, whose hub is enabled. */
private suspend fun connect(account: String, where: String = "us-east-1"): SecurityHubClient {
    val hub = client(key(account), where)
    if (signed && enabled.add("$account/$where")) hub.enableSecurityHub {}
    return hub
}

private var accounts = 600_000_000_000

private fun fresh() = (accounts++).toString()

private fun equal(got: Any?, want: Any?, what: String) {
    if (got != want) throw AssertionError("$what: got $got, want $want")
}

private fun product(account: String) = "arn:aws:securityhub:us-east-1:$account:product/$account/default"

/** The least that the format accepts. */
private fun finding(account: String, name: String, change: AwsSecurityFinding.Builder.() -> Unit = {}) = AwsSecurityFinding {
    schemaVersion = "2018-10-08"
    id = name
    productArn = product(account)
    generatorId = "clients/real"
    awsAccountId = account
    createdAt = "2024-01-01T00:00:00.000Z"
    updatedAt = "2024-01-01T00:00:00.000Z"
    title = "Title of $name"
    description = "Description of $name"
    findingProviderFields = FindingProviderFields {
        severity = FindingProviderSeverity { label = SeverityLabel.Medium }
        types = listOf("Effects/Data Exposure")
    }
    resources = listOf(Resource { type = "Other"; id = "resource-$name" })
    change()
}

private fun identifier(one: AwsSecurityFinding) = AwsSecurityFindingIdentifier { id = one.id; productArn = one.productArn }

private suspend fun imported(hub: SecurityHubClient, vararg sent: AwsSecurityFinding) {
    val answer = hub.batchImportFindings { findings = sent.toList() }
    equal(answer.failedFindings, emptyList<ImportFindingsError>(), "failedFindings")
    equal(answer.successCount to answer.failedCount, sent.size to 0, "counts")
}

private fun having(text: String) = StringFilter { value = text; comparison = StringFilterComparison.Equals }

private suspend fun read(hub: SecurityHubClient, name: String): AwsSecurityFinding {
    val found = hub.getFindings { filters = AwsSecurityFindingFilters { id = listOf(having(name)) } }.findings!!
    equal(found.size, 1, "findings with id $name")
    return found.single()
}

/** The call fails with this typed exception, and its message holds the text. */
private suspend inline fun <reified E : Exception> refused(text: String, call: suspend () -> Any?) {
    val answer = try {
        call()
    } catch (error: Exception) {
        if (error !is E) throw error
        if (text !in error.message.orEmpty()) throw AssertionError("message: '$text' is not in '${error.message}'")
        return
    }
    throw AssertionError("no ${E::class.simpleName}, but $answer")
}

private suspend fun seedSampleIsImported() {
    val hub = connect("123456789012", "us-west-1")
    val resp = seedSample(hub)
    equal(resp.successCount to resp.failedCount, 1 to 0, "counts")
    val got = read(hub, "Id1")
    equal(got.title, "CloudTrail trail vulnerability", "title")
    equal(got.severity?.label to got.severity?.normalized, SeverityLabel.Low to 1, "severity")
    equal(got.severity?.original, "10", "severity.original")
    equal(got.types, listOf("Software and Configuration Checks/Vulnerabilities/CVE"), "types")
    equal(got.resources?.single()?.type, "AwsCloudTrailTrail", "resource's type")
    equal(got.updatedAt, "2020-06-02T16:05:54.832Z", "updatedAt")
    equal(got.workflow?.status, WorkflowStatus.New, "workflow")
    equal(got.recordState, RecordState.Active, "recordState")
}

private suspend fun allNineMembersAreUpdated() {
    val account = fresh()
    val hub = connect(account)
    val one = finding(account, "nine")
    imported(hub, one)
    val answer = hub.batchUpdateFindings {
        findingIdentifiers = listOf(identifier(one))
        note = NoteUpdate { text = "Looked into it."; updatedBy = "analyst" }
        severity = SeverityUpdate { normalized = 90; product = 9.5; label = SeverityLabel.Critical }
        verificationState = VerificationState.TruePositive
        confidence = 42
        criticality = 99
        types = listOf("TTPs/Initial Access/Phishing")
        userDefinedFields = mapOf("team" to "red", "ticket" to "SEC-1")
        workflow = WorkflowUpdate { status = WorkflowStatus.Notified }
        relatedFindings = listOf(RelatedFinding { productArn = product(account); id = "other" })
    }
    equal(answer.processedFindings, listOf(identifier(one)), "processedFindings")
    equal(answer.unprocessedFindings.orEmpty().size, 0, "unprocessedFindings")
    val got = read(hub, "nine")
    equal(got.note?.text to got.note?.updatedBy, "Looked into it." to "analyst", "note")
    equal(got.severity?.let { listOf(it.label, it.normalized, it.product) }, listOf(SeverityLabel.Critical, 90, 9.5), "severity")
    equal(got.verificationState, VerificationState.TruePositive, "verificationState")
    equal(got.confidence to got.criticality, 42 to 99, "confidence and criticality")
    equal(got.types, listOf("TTPs/Initial Access/Phishing"), "types")
    equal(got.userDefinedFields, mapOf("team" to "red", "ticket" to "SEC-1"), "userDefinedFields")
    equal(got.workflow?.status, WorkflowStatus.Notified, "workflow")
    equal(got.relatedFindings?.single()?.id, "other", "relatedFindings")
    equal(got.updatedAt, one.updatedAt, "updatedAt")
}

private suspend fun filtersSortingAndPages() {
    val account = fresh()
    val hub = connect(account)
    val names = (10..21).map { "n$it" }
    imported(hub, *names.mapIndexed { n, name -> finding(account, name) { updatedAt = "2024-02-${n + 10}T00:00:00Z"; confidence = n } }.toTypedArray())
    val paged = hub.getFindingsPaginated { maxResults = 5 }.toList()
    equal(paged.map { it.findings!!.size }, listOf(5, 5, 2), "page sizes")
    equal(hub.getFindingsPaginated { maxResults = 5 }.findings().toList().map { it.id }, names.reversed(), "ids, newest first")
    val some = hub.getFindings {
        filters = AwsSecurityFindingFilters {
            confidence = listOf(NumberFilter { gte = 2.0; lt = 4.0 })
            recordState = listOf(having("ACTIVE"))
        }
        sortCriteria = listOf(SortCriterion { field = "UpdatedAt"; sortOrder = SortOrder.fromValue("asc") })
    }
    equal(some.findings!!.map { it.id }, listOf("n12", "n13"), "ids of the filter")
    val mixed = StringFilter { value = "x"; comparison = StringFilterComparison.NotEquals }
    refused<InvalidInputException>("Id") { hub.getFindings { filters = AwsSecurityFindingFilters { id = listOf(having("n10"), mixed) } } }
    refused<InvalidInputException>("Colour") { hub.getFindings { sortCriteria = listOf(SortCriterion { field = "Colour" }) } }
}

private suspend fun historySaysWhoChangedWhat() {
    val account = fresh()
    val hub = connect(account)
    val one = finding(account, "past")
    imported(hub, one)
    hub.batchUpdateFindings {
        findingIdentifiers = listOf(identifier(one))
        workflow = WorkflowUpdate { status = WorkflowStatus.Resolved }
    }
    val records = hub.getFindingHistory { findingIdentifier = identifier(one) }.records!!
    equal(records.size, 2, "records")
    val update = records[0].updates!!.single()
    equal(listOf(update.updatedField, update.oldValue, update.newValue), listOf("Workflow.Status", "NEW", "RESOLVED"), "update")
    equal(records[0].updateSource?.type, FindingHistoryUpdateSourceType.BatchUpdateFindings, "source")
    equal(records[0].updateSource?.identity?.contains(":$account:"), true, "identity has the account")
    equal(records[1].findingCreated, true, "findingCreated")
}

private suspend fun productsAndTags() {
    val account = fresh()
    val hub = connect(account)
    val prowler = "arn:aws:securityhub:us-east-1::product/prowler/prowler"
    val subscription = hub.enableImportFindingsForProduct { productArn = prowler }.productSubscriptionArn
    equal(subscription, "arn:aws:securityhub:us-east-1:$account:product-subscription/prowler/prowler", "subscription")
    equal(subscription in hub.listEnabledProductsForImport {}.productSubscriptions!!, true, "listed")
    hub.disableImportFindingsForProduct { productSubscriptionArn = subscription }
    val failed = hub.batchImportFindings { findings = listOf(finding(account, "x") { productArn = prowler }) }.failedFindings!!.single()
    equal(failed.errorCode to failed.errorMessage, "InvalidAccess" to "Account $account is not allowed to import findings for product $prowler", "failed")
    val arn = hub.describeHub {}.hubArn
    hub.tagResource { resourceArn = arn; tags = mapOf("team" to "blue", "centre" to "42") }
    hub.untagResource { resourceArn = arn; tagKeys = listOf("team") }
    equal(hub.listTagsForResource { resourceArn = arn }.tags, mapOf("centre" to "42"), "tags")
}

private suspend fun errorsAreTyped() {
    val account = fresh()
    val hub = client(key(account))
    hub.enableSecurityHub {}
    val bad = finding(account, "bad") { title = "x".repeat(257) }
    val failed = hub.batchImportFindings { findings = listOf(bad, finding(account, "good")) }.failedFindings!!.single()
    val verdict = "Finding does not adhere to Amazon Finding Format. data.Title should NOT be longer than 256 characters."
    equal(failed.errorCode to failed.errorMessage, "InvalidInput" to verdict, "failed")
    refused<InvalidInputException>("Size '101' is greater than maximum value: 100.") {
        hub.batchImportFindings { findings = (0..100).map { finding(account, "n$it") } }
    }
    val missing = AwsSecurityFindingIdentifier { id = "missing"; productArn = product(account) }
    val not = hub.batchUpdateFindings { findingIdentifiers = listOf(missing); confidence = 1 }.unprocessedFindings!!.single()
    equal(not.errorCode to not.errorMessage, "FindingNotFound" to "Finding Not Found", "unprocessed")
    refused<InvalidInputException>("Confidence") { hub.batchUpdateFindings { findingIdentifiers = listOf(missing); confidence = 101 } }
    refused<ResourceConflictException>("Account is already subscribed to Security Hub") { hub.enableSecurityHub {} }
    hub.disableSecurityHub {}
    refused<InvalidAccessException>("Account $account is not subscribed to AWS Security Hub") { hub.describeHub {} }
}

/** The call fails with this code, for which the model has no type. */
private suspend fun unknown(code: String, call: suspend () -> Any?) {
    val answer = try {
        call()
    } catch (error: SecurityHubException) {
        equal(error.sdkErrorMetadata.errorCode, code, "code of $error")
        return
    }
    throw AssertionError("no $code, but $answer")
}

private suspend fun strangersAreRefused() {
    val good = key(fresh())
    unknown("InvalidSignatureException") { client(Key(good.id, "not-the-secret")).describeHub {} }
    unknown("UnrecognizedClientException") { client(Key("AKIAIOSFODNN7EXAMPLE", good.secret)).describeHub {} }
}

private suspend fun hubsAreOffUntilTheyAreEnabled() {
    val account = fresh()
    val hub = client(key(account))
    refused<InvalidAccessException>("Account $account is not subscribed to AWS Security Hub") { hub.describeHub {} }
    hub.enableSecurityHub {}
    equal(hub.describeHub {}.hubArn, "arn:aws:securityhub:us-east-1:$account:hub/default", "hubArn")
}

private suspend fun readersReadAndDoNothingElse() {
    val account = fresh()
    val one = finding(account, "one")
    imported(connect(account), one)
    val hub = client(key(account, "reader"))
    equal(read(hub, "one").id, "one", "id")
    val words = "User: arn:aws:iam::$account:user/reader is not authorized to perform: securityhub:"
    refused<AccessDeniedException>(words + "BatchImportFindings") { hub.batchImportFindings { findings = listOf(one) } }
    refused<AccessDeniedException>(words + "DisableSecurityHub") { hub.disableSecurityHub {} }
}

fun main() {
    val name = if (signed) "kotlin $mode" else "kotlin"
    val identity = listOf<Pair<String, suspend () -> Unit>>(
        "a wrong secret, an unknown key" to ::strangersAreRefused,
        "hubs are off until they are enabled" to ::hubsAreOffUntilTheyAreEnabled,
        "readers read and do nothing else" to ::readersReadAndDoNothingElse,
    )
    val tests = listOf<Pair<String, suspend () -> Unit>>(
        "seed sample compiled and run" to ::seedSampleIsImported,
        "all nine members updated" to ::allNineMembersAreUpdated,
        "filters, sorting and pages" to ::filtersSortingAndPages,
        "history says who changed what" to ::historySaysWhoChangedWhat,
        "products and tags" to ::productsAndTags,
        "errors are typed" to ::errorsAreTyped,
    )
    var failed = 0
    for ((title, test) in if (signed) tests + identity else tests) {
        try {
            runBlocking { test() }
            println("ok $name: $title")
        } catch (error: Throwable) {
            failed++
            println("FAIL $name: $title: ${error.toString().replace(Regex("\\s+"), " ").take(1500)}")
        }
    }
    // The SDK's HTTP engine keeps threads of its own, which would delay the end.
    exitProcess(if (failed == 0) 0 else 1)
}
