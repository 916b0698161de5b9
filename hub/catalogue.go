package hub

import (
	"slices"
	"strings"
)

// Product is an integration as DescribeProducts shows it.
type Product struct {
	ProductArn                        string
	ProductName                       string
	CompanyName                       string
	Description                       string
	Categories                        []string
	IntegrationTypes                  []string
	ProductSubscriptionResourcePolicy string `json:",omitempty"`
}

// entry is one line of the catalogue.
type entry struct {
	// name is COMPANY/PRODUCT, as in the product's ARN.
	name     string
	company  string
	product  string
	flows    flow
	category string
	// account is the partner's, where the product's ARN has one.
	account string
}

// flow says which way findings go between a product and the hub.
type flow uint8

const (
	sends flow = 1 << iota
	receives
	updates
)

// catalogue lists well-known integrations by name. It says which products exist without --dev,
// and gives findings their product's and company's names (decision 26).
var catalogue = []entry{
	{name: "3coresec/3coresec", company: "3CORESec", product: "3CORESec", flows: sends, category: "Managed Security Services"},
	{name: "alertlogic/althreatmanagement", company: "Alert Logic", product: "SIEMless Threat Management", flows: sends, category: "Managed Detection and Response"},
	{name: "aquasecurity/aquasecurity", company: "Aqua Security", product: "Aqua Security", flows: sends, category: "Container Security"},
	{name: "aquasecurity/kube-bench", company: "Aqua Security", product: "Kube-bench", flows: sends, category: "Configuration Compliance"},
	{name: "armordefense/armoranywhere", company: "Armor", product: "Armor Anywhere", flows: sends, category: "Managed Security Services"},
	{name: "atlassian/jira-service-management", company: "Atlassian", product: "Jira Service Management", flows: receives | updates, category: "Ticketing"},
	{name: "attackiq/attackiq-platform", company: "AttackIQ", product: "AttackIQ Platform", flows: sends, category: "Security Validation"},
	{name: "aws/access-analyzer", company: "AWS", product: "IAM Access Analyzer", flows: sends, category: "Access Management"},
	{name: "aws/audit-manager", company: "AWS", product: "Audit Manager", flows: receives, category: "Governance"},
	{name: "aws/chatbot", company: "AWS", product: "Chatbot", flows: receives, category: "Notification"},
	{name: "aws/config", company: "AWS", product: "Config", flows: sends, category: "Configuration Compliance"},
	{name: "aws/detective", company: "Amazon", product: "Detective", flows: receives, category: "Investigation"},
	{name: "aws/firewall-manager", company: "AWS", product: "Firewall Manager", flows: sends, category: "Firewall"},
	{name: "aws/guardduty", company: "Amazon", product: "GuardDuty", flows: sends, category: "Threat Detection"},
	{name: "aws/health", company: "AWS", product: "Health", flows: sends, category: "Operations"},
	{name: "aws/inspector", company: "Amazon", product: "Inspector", flows: sends, category: "Vulnerability Management"},
	{name: "aws/iot-device-defender-audit", company: "AWS", product: "IoT Device Defender - Audit", flows: sends, category: "Device Security"},
	{name: "aws/iot-device-defender-detect", company: "AWS", product: "IoT Device Defender - Detect", flows: sends, category: "Device Security"},
	{name: "aws/macie", company: "Amazon", product: "Macie", flows: sends, category: "Data Protection"},
	{name: "aws/security-lake", company: "Amazon", product: "Security Lake", flows: receives, category: "Analytics"},
	{name: "aws/securityhub", company: "AWS", product: "Security Hub", flows: sends, category: "Configuration Compliance"},
	{name: "aws/ssm-opscenter", company: "AWS", product: "Systems Manager OpsCenter", flows: receives | updates, category: "Operations"},
	{name: "aws/ssm-patch-manager", company: "AWS", product: "Systems Manager Patch Manager", flows: sends, category: "Patch Management"},
	{name: "aws/trusted-advisor", company: "AWS", product: "Trusted Advisor", flows: receives, category: "Operations"},
	{name: "barracuda/cloudsecurityguardian", company: "Barracuda Networks", product: "Cloud Security Guardian", flows: sends, category: "Configuration Compliance"},
	{name: "bigid/bigid-enterprise", company: "BigID", product: "BigID Enterprise", flows: sends, category: "Data Protection"},
	{name: "caveonix/caveonix-cloud", company: "Caveonix", product: "Caveonix Cloud", flows: sends | receives, category: "Risk and Compliance"},
	{name: "checkpoint/cloudguard-iaas", company: "Check Point", product: "CloudGuard IaaS", flows: sends, category: "Firewall"},
	{name: "checkpoint/dome9-arc", company: "Check Point", product: "CloudGuard Posture Management", flows: sends, category: "Configuration Compliance"},
	{name: "cloud-custodian/cloud-custodian", company: "Cloud Custodian", product: "Cloud Custodian", flows: sends | receives, category: "Governance"},
	{name: "cloudtamerio/cloudtamerio", company: "Kion", product: "Kion", flows: sends | receives, category: "Governance"},
	{name: "crowdstrike/crowdstrike-falcon", company: "CrowdStrike", product: "CrowdStrike Falcon", flows: sends, category: "Endpoint Detection and Response", account: "517716713836"},
	{name: "cyberark/cyberark-pta", company: "CyberArk", product: "Privileged Threat Analytics", flows: sends, category: "Access Management"},
	{name: "data-theorem/api-cloud-web-secure", company: "Data Theorem", product: "Data Theorem", flows: sends, category: "Application Security"},
	{name: "drata/drata-integration", company: "Drata", product: "Drata", flows: sends, category: "Risk and Compliance"},
	{name: "dynatrace/dynatrace", company: "Dynatrace", product: "Dynatrace", flows: receives, category: "Operations"},
	{name: "elastic/elastic-security", company: "Elastic", product: "Elastic Security", flows: receives, category: "Security Information and Event Management"},
	{name: "fireeye/helix", company: "FireEye", product: "Helix", flows: receives, category: "Security Information and Event Management"},
	{name: "forcepoint/forcepoint-casb", company: "Forcepoint", product: "Forcepoint CASB", flows: sends, category: "Data Protection"},
	{name: "fortinet/fortinet-forticnp", company: "Fortinet", product: "FortiCNP", flows: sends | receives, category: "Cloud Protection"},
	{name: "fugue/fugue", company: "Fugue", product: "Fugue", flows: sends, category: "Configuration Compliance"},
	{name: "guardicore/guardicore", company: "Guardicore", product: "Guardicore Centra", flows: sends | receives, category: "Segmentation"},
	{name: "hackerone/vulnerability-intelligence", company: "HackerOne", product: "Vulnerability Intelligence", flows: sends, category: "Vulnerability Management"},
	{name: "jfrog/jfrog-xray", company: "JFrog", product: "Xray", flows: sends, category: "Application Security"},
	{name: "juniper-networks/vsrx-next-generation-firewall", company: "Juniper Networks", product: "vSRX Next Generation Firewall", flows: sends, category: "Firewall"},
	{name: "k9-security/access-analyzer", company: "k9 Security", product: "Access Analyzer", flows: sends, category: "Access Management"},
	{name: "lacework/lacework", company: "Lacework", product: "Lacework", flows: sends, category: "Cloud Protection"},
	{name: "mcafee-skyhigh/mcafee-mvision-cloud-aws", company: "McAfee", product: "MVISION Cloud", flows: sends, category: "Cloud Protection"},
	{name: "mitre/heimdall", company: "MITRE", product: "Heimdall", flows: sends | receives, category: "Configuration Compliance"},
	{name: "netscout/netscout-cyber-investigator", company: "NETSCOUT", product: "Cyber Investigator", flows: sends, category: "Investigation"},
	{name: "orca-security/orca-security", company: "Orca Security", product: "Orca Cloud Security Platform", flows: sends, category: "Cloud Protection"},
	{name: "pagerduty/pagerduty", company: "PagerDuty", product: "PagerDuty", flows: receives, category: "Notification"},
	{name: "paloaltonetworks/cortex-xsoar", company: "Palo Alto Networks", product: "Cortex XSOAR", flows: receives | updates, category: "Orchestration"},
	{name: "paloaltonetworks/redlock", company: "Palo Alto Networks", product: "Prisma Cloud Enterprise", flows: sends, category: "Cloud Protection"},
	{name: "paloaltonetworks/vmseries", company: "Palo Alto Networks", product: "VM-Series", flows: receives, category: "Firewall"},
	{name: "prowler/prowler", company: "Prowler", product: "Prowler", flows: sends, category: "Configuration Compliance"},
	{name: "qualys/qualys-pc", company: "Qualys", product: "Policy Compliance", flows: sends, category: "Configuration Compliance"},
	{name: "qualys/qualys-vm", company: "Qualys", product: "Vulnerability Management", flows: sends, category: "Vulnerability Management"},
	{name: "rackspace/managed-security", company: "Rackspace Technology", product: "Cloud Native Security", flows: receives, category: "Managed Security Services"},
	{name: "rapid7/insightconnect", company: "Rapid7", product: "InsightConnect", flows: receives, category: "Orchestration"},
	{name: "rapid7/insightvm", company: "Rapid7", product: "InsightVM", flows: sends, category: "Vulnerability Management"},
	{name: "secureclouddb/secureclouddb", company: "SecureCloudDb", product: "SecureCloudDB", flows: sends, category: "Data Protection"},
	{name: "sentinelone/endpoint-protection", company: "SentinelOne", product: "SentinelOne", flows: sends, category: "Endpoint Detection and Response"},
	{name: "servicenow/itsm", company: "ServiceNow", product: "ITSM", flows: receives | updates, category: "Ticketing"},
	{name: "snyk/snyk", company: "Snyk", product: "Snyk", flows: sends, category: "Application Security"},
	{name: "sonrai-security/sonrai-dig", company: "Sonrai Security", product: "Sonrai Dig", flows: sends, category: "Access Management"},
	{name: "sophos/sophos-server-protection", company: "Sophos", product: "Server Protection", flows: sends, category: "Endpoint Detection and Response"},
	{name: "splunk/splunk-enterprise", company: "Splunk", product: "Splunk Enterprise", flows: receives, category: "Security Information and Event Management"},
	{name: "splunk/splunk-phantom", company: "Splunk", product: "Splunk Phantom", flows: receives, category: "Orchestration"},
	{name: "stackrox/stackrox-kubernetes-security", company: "StackRox", product: "Kubernetes Security", flows: sends, category: "Container Security"},
	{name: "sumologicinc/sumologic-mda", company: "Sumo Logic", product: "Machine Data Analytics", flows: sends | receives, category: "Security Information and Event Management"},
	{name: "symantec-corp/symantec-cwp", company: "Symantec", product: "Cloud Workload Protection", flows: sends, category: "Cloud Protection"},
	{name: "sysdig/sysdig-secure-for-cloud", company: "Sysdig", product: "Secure for Cloud", flows: sends | receives, category: "Cloud Protection"},
	{name: "tenable/tenable-io", company: "Tenable", product: "Tenable.io", flows: sends, category: "Vulnerability Management"},
	{name: "trend-micro/cloud-one", company: "Trend Micro", product: "Cloud One", flows: sends, category: "Cloud Protection"},
	{name: "turbot/turbot", company: "Turbot", product: "Turbot", flows: sends | receives, category: "Governance"},
	{name: "twistlock/twistlock-enterprise", company: "Palo Alto Networks", product: "Prisma Cloud Compute", flows: sends, category: "Container Security"},
	{name: "vectra-ai/cognito-detect", company: "Vectra AI", product: "Cognito Detect", flows: sends, category: "Threat Detection"},
	{name: "wiz-security/wiz-security", company: "Wiz", product: "Wiz Security", flows: sends, category: "Cloud Protection"},
}

// catalogued finds a product by its COMPANY/PRODUCT.
func catalogued(name string) (entry, bool) {
	i, ok := slices.BinarySearchFunc(catalogue, name, func(e entry, name string) int { return strings.Compare(e.name, name) })
	if !ok {
		return entry{}, false
	}
	return catalogue[i], true
}

// integrationTypes spells a flow as the API does.
func (f flow) integrationTypes() []string {
	types := []string{}
	for i, t := range []string{"SEND_FINDINGS_TO_SECURITY_HUB", "RECEIVE_FINDINGS_FROM_SECURITY_HUB", "UPDATE_FINDINGS_IN_SECURITY_HUB"} {
		if f&(1<<i) != 0 {
			types = append(types, t)
		}
	}
	return types
}

// describe says in a sentence what the flow means for the user.
func (e entry) describe() string {
	switch {
	case e.flows&sends == 0:
		return e.product + " by " + e.company + " works with findings of the hub."
	case e.flows == sends:
		return e.product + " by " + e.company + " reports its findings to the hub."
	}
	return e.product + " by " + e.company + " reports findings to the hub and works with those that are there."
}
