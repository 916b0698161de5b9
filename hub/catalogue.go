package hub

import (
	"cmp"
	"slices"
	"strings"

	"github.com/findinghub/findinghub/asff"
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
	name string
	// company and product are for people, "" where the words of the name say as much.
	company  string
	product  string
	flows    flow
	category string // one word for what it is about, in our words
	// account is the partner's, where the product's ARN has one.
	account string
}

// flow says which way findings go between a product and the hub.
type flow uint8

// Only products that send need a subscription; the others call the API as any client does.
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
	{name: "atlassian/jira-service-management", flows: receives | updates, category: "Ticketing"},
	{name: "attackiq/attackiq-platform", company: "AttackIQ", product: "AttackIQ Platform", flows: sends, category: "Security Validation"},
	{name: "aws/access-analyzer", flows: sends, category: "Access Management"},
	{name: "aws/audit-manager", flows: receives, category: "Governance"},
	{name: "aws/chatbot", flows: receives, category: "Notification"},
	{name: "aws/config", flows: sends, category: "Configuration Compliance"},
	{name: "aws/detective", flows: receives, category: "Investigation"},
	{name: "aws/firewall-manager", flows: sends, category: "Firewall"},
	{name: "aws/guardduty", flows: sends, category: "Threat Detection"},
	{name: "aws/health", flows: sends, category: "Operations"},
	{name: "aws/inspector", flows: sends, category: "Vulnerability Management"},
	{name: "aws/iot-device-defender-audit", flows: sends, category: "Device Security"},
	{name: "aws/iot-device-defender-detect", flows: sends, category: "Device Security"},
	{name: "aws/macie", flows: sends, category: "Data Protection"},
	{name: "aws/security-lake", company: "Amazon", flows: receives, category: "Analytics"},
	{name: "aws/securityhub", flows: sends, category: "Configuration Compliance"},
	{name: "aws/ssm-opscenter", product: "Systems Manager OpsCenter", flows: receives | updates, category: "Operations"},
	{name: "aws/ssm-patch-manager", flows: sends, category: "Patch Management"},
	{name: "aws/trusted-advisor", flows: receives, category: "Operations"},
	{name: "barracuda/cloudsecurityguardian", company: "Barracuda Networks", product: "Cloud Security Guardian", flows: sends, category: "Configuration Compliance"},
	{name: "bigid/bigid-enterprise", company: "BigID", product: "BigID Enterprise", flows: sends, category: "Data Protection"},
	{name: "caveonix/caveonix-cloud", flows: sends | receives, category: "Risk and Compliance"},
	{name: "checkpoint/cloudguard-iaas", company: "Check Point", product: "CloudGuard IaaS", flows: sends, category: "Firewall"},
	{name: "checkpoint/dome9-arc", company: "Check Point", product: "CloudGuard Posture Management", flows: sends, category: "Configuration Compliance"},
	{name: "cloud-custodian/cloud-custodian", flows: sends | receives, category: "Governance"},
	{name: "cloudtamerio/cloudtamerio", company: "Kion", product: "Kion", flows: sends | receives, category: "Governance"},
	{name: "crowdstrike/crowdstrike-falcon", company: "CrowdStrike", product: "CrowdStrike Falcon", flows: sends, category: "Endpoint Detection and Response", account: "517716713836"},
	{name: "cyberark/cyberark-pta", company: "CyberArk", product: "Privileged Threat Analytics", flows: sends, category: "Access Management"},
	{name: "data-theorem/api-cloud-web-secure", product: "Data Theorem", flows: sends, category: "Application Security"},
	{name: "drata/drata-integration", product: "Drata", flows: sends, category: "Risk and Compliance"},
	{name: "dynatrace/dynatrace", flows: receives, category: "Operations"},
	{name: "elastic/elastic-security", flows: receives, category: "Security Information and Event Management"},
	{name: "fireeye/helix", company: "FireEye", flows: receives, category: "Security Information and Event Management"},
	{name: "forcepoint/forcepoint-casb", product: "Forcepoint CASB", flows: sends, category: "Data Protection"},
	{name: "fortinet/fortinet-forticnp", product: "FortiCNP", flows: sends | receives, category: "Cloud Protection"},
	{name: "fugue/fugue", flows: sends, category: "Configuration Compliance"},
	{name: "guardicore/guardicore", product: "Guardicore Centra", flows: sends | receives, category: "Segmentation"},
	{name: "hackerone/vulnerability-intelligence", company: "HackerOne", flows: sends, category: "Vulnerability Management"},
	{name: "jfrog/jfrog-xray", company: "JFrog", product: "Xray", flows: sends, category: "Application Security"},
	{name: "juniper-networks/vsrx-next-generation-firewall", product: "vSRX Next Generation Firewall", flows: sends, category: "Firewall"},
	{name: "k9-security/access-analyzer", company: "k9 Security", flows: sends, category: "Access Management"},
	{name: "lacework/lacework", flows: sends, category: "Cloud Protection"},
	{name: "mcafee-skyhigh/mcafee-mvision-cloud-aws", company: "McAfee", product: "MVISION Cloud", flows: sends, category: "Cloud Protection"},
	{name: "mitre/heimdall", company: "MITRE", flows: sends | receives, category: "Configuration Compliance"},
	{name: "netscout/netscout-cyber-investigator", company: "NETSCOUT", product: "Cyber Investigator", flows: sends, category: "Investigation"},
	{name: "orca-security/orca-security", product: "Orca Cloud Security Platform", flows: sends, category: "Cloud Protection"},
	{name: "pagerduty/pagerduty", company: "PagerDuty", product: "PagerDuty", flows: receives, category: "Notification"},
	{name: "paloaltonetworks/cortex-xsoar", company: "Palo Alto Networks", product: "Cortex XSOAR", flows: receives | updates, category: "Orchestration"},
	{name: "paloaltonetworks/redlock", company: "Palo Alto Networks", product: "Prisma Cloud Enterprise", flows: sends, category: "Cloud Protection"},
	{name: "paloaltonetworks/vmseries", company: "Palo Alto Networks", product: "VM-Series", flows: receives, category: "Firewall"},
	{name: "prowler/prowler", flows: sends, category: "Configuration Compliance"},
	{name: "qualys/qualys-pc", product: "Policy Compliance", flows: sends, category: "Configuration Compliance"},
	{name: "qualys/qualys-vm", product: "Vulnerability Management", flows: sends, category: "Vulnerability Management"},
	{name: "rackspace/managed-security", company: "Rackspace Technology", product: "Cloud Native Security", flows: receives, category: "Managed Security Services"},
	{name: "rapid7/insightconnect", product: "InsightConnect", flows: receives, category: "Orchestration"},
	{name: "rapid7/insightvm", product: "InsightVM", flows: sends, category: "Vulnerability Management"},
	{name: "secureclouddb/secureclouddb", company: "SecureCloudDb", product: "SecureCloudDB", flows: sends, category: "Data Protection"},
	{name: "sentinelone/endpoint-protection", company: "SentinelOne", product: "SentinelOne", flows: sends, category: "Endpoint Detection and Response"},
	{name: "servicenow/itsm", company: "ServiceNow", product: "ITSM", flows: receives | updates, category: "Ticketing"},
	{name: "snyk/snyk", flows: sends, category: "Application Security"},
	{name: "sonrai-security/sonrai-dig", flows: sends, category: "Access Management"},
	{name: "sophos/sophos-server-protection", product: "Server Protection", flows: sends, category: "Endpoint Detection and Response"},
	{name: "splunk/splunk-enterprise", flows: receives, category: "Security Information and Event Management"},
	{name: "splunk/splunk-phantom", flows: receives, category: "Orchestration"},
	{name: "stackrox/stackrox-kubernetes-security", company: "StackRox", product: "Kubernetes Security", flows: sends, category: "Container Security"},
	{name: "sumologicinc/sumologic-mda", company: "Sumo Logic", product: "Machine Data Analytics", flows: sends | receives, category: "Security Information and Event Management"},
	{name: "symantec-corp/symantec-cwp", company: "Symantec", product: "Cloud Workload Protection", flows: sends, category: "Cloud Protection"},
	{name: "sysdig/sysdig-secure-for-cloud", product: "Secure for Cloud", flows: sends | receives, category: "Cloud Protection"},
	{name: "tenable/tenable-io", product: "Tenable.io", flows: sends, category: "Vulnerability Management"},
	{name: "trend-micro/cloud-one", flows: sends, category: "Cloud Protection"},
	{name: "turbot/turbot", flows: sends | receives, category: "Governance"},
	{name: "twistlock/twistlock-enterprise", company: "Palo Alto Networks", product: "Prisma Cloud Compute", flows: sends, category: "Container Security"},
	{name: "vectra-ai/cognito-detect", company: "Vectra AI", flows: sends, category: "Threat Detection"},
	{name: "wiz-security/wiz-security", company: "Wiz", flows: sends, category: "Cloud Protection"},
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
	product, company := e.names()
	switch {
	case e.flows&sends == 0:
		return product + " by " + company + " works with findings of the hub."
	case e.flows == sends:
		return product + " by " + company + " reports its findings to the hub."
	}
	return product + " by " + company + " reports findings to the hub and works with those that are there."
}

// names are the product's and the company's names for people.
func (e entry) names() (product, company string) {
	c, p, _ := strings.Cut(e.name, "/")
	product, company = asff.ProductArn{Company: c, Product: p}.Names()
	return cmp.Or(e.product, product), cmp.Or(e.company, company)
}
