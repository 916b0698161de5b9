package bench

import "fmt"

// The vocabularies from which titles and texts are put together. None is longer than
// it must be for the findings to have the sizes and the repetition of real ones.
var (
	services = []string{"S3", "EC2", "IAM", "RDS", "Lambda", "CloudTrail", "KMS", "ECS", "EKS", "SNS", "SQS", "DynamoDB", "Redshift", "ELB", "ACM", "SSM"}
	subjects = []string{"buckets", "instances", "users", "functions", "clusters", "volumes", "keys", "queues", "topics", "tables", "listeners", "snapshots"}
	rules    = []string{"should have encryption at rest enabled", "should not be publicly accessible", "should require multi-factor authentication", "should log to a central account", "should be tagged", "should rotate credentials every 90 days", "should use a supported runtime", "should block unrestricted ingress to port 22", "should have deletion protection enabled", "should be in a private subnet"}
	packages = []string{"openssl", "curl", "glibc", "zlib", "libxml2", "openssh", "sudo", "bash", "python3", "nginx", "libwebp", "sqlite", "expat", "systemd", "kernel", "perl", "git", "vim", "tar", "gzip"}
	flaws    = []string{"out-of-bounds read", "use after free", "integer overflow", "improper certificate validation", "path traversal", "denial of service through crafted input", "information disclosure", "privilege escalation"}
)

const (
	filler = "The check looks at the configuration as it was last recorded and compares it with what the organisation asks for. " +
		"It fails when the setting is absent, when it is weaker than required, or when it applies to a part of the resource only. " +
		"Resources in regions that are not in use are looked at as well, because forgotten ones are the likeliest to be found by others first. " +
		"Exceptions that the owner has agreed on are listed with the control and are not reported again until they end."
	advice = "Open the resource, choose the setting named in the title, apply the value that your baseline asks for and let the next run of the check confirm it."
)

// control is a finding of a compliance standard: the commonest kind.
func (f *draft) control(dst []byte) []byte {
	c := f.r.IntN(320)
	service := word(services, c)
	control := service + "." + number(1+c/len(services))
	product := "arn:aws:securityhub:" + Region + "::product/aws/securityhub"
	dst = f.head(dst, product, "security-control/"+control)
	dst = append(dst, `,"Id":"arn:aws:securityhub:`+Region+`:`...)
	dst = append(append(append(dst, f.account...), `:security-control/`...), control...)
	dst = append(f.uuid(append(dst, `/finding/`...)), '"')
	dst = quoted(dst, "Title", control+" "+service+" "+word(subjects, c)+" "+word(rules, c/7))
	dst = quoted(dst, "Description", "This control checks whether "+service+" "+word(subjects, c)+" "+word(rules, c/7)+". "+filler)
	dst = fmt.Appendf(dst, `,"Remediation":{"Recommendation":{"Text":"%s","Url":"https://docs.example.com/console/securityhub/%s/remediation"}}`, advice, control)
	dst = fmt.Appendf(dst, `,"ProductFields":{"RelatedAWSResources:0/name":"securityhub-%s-%d","StandardsControlArn":"arn:aws:securityhub:%s:%s:control/aws-foundational-security-best-practices/v/1.0.0/%s","Annotation":"%s","ControlId":"%s"}`, control, c, Region, f.account, control, filler, control)
	dst = append(dst, `,"Resources":[`...)
	if c%3 == 0 {
		dst = f.bucket(dst)
	} else {
		dst = f.instance(dst)
	}
	status := []string{"FAILED", "FAILED", "FAILED", "PASSED", "WARNING"}[f.r.IntN(5)]
	dst = fmt.Appendf(dst, `],"Compliance":{"Status":"%s","SecurityControlId":"%s","RelatedRequirements":["NIST.800-53.r5 AC-%d","NIST.800-53.r5 SC-%d(1)","PCI DSS v3.2.1/%d.%d","CIS AWS Foundations Benchmark v1.4.0/%d.%d"],"AssociatedStandards":[{"StandardsId":"standards/aws-foundational-security-best-practices/v/1.0.0"},{"StandardsId":"ruleset/cis-aws-foundations-benchmark/v/1.2.0"}],"StatusReasons":[{"ReasonCode":"CONFIG_EVALUATION_%d","Description":"%s"},{"ReasonCode":"CONFIG_RETURNS_%d","Description":"%s"}]}`,
		status, control, c%25, c%28, 1+c%12, 1+c%9, 1+c%5, 1+c%22, c%6, filler, c%9, filler)
	return f.tail(dst, "Software and Configuration Checks/Industry and Regulatory Standards", true)
}

// vulnerability is a scanner's finding about a package on an instance.
func (f *draft) vulnerability(dst []byte) []byte {
	v := f.r.IntN(20_000)
	cve := fmt.Sprintf("CVE-20%02d-%d", 15+v%10, 1000+v)
	product := "arn:aws:securityhub:" + Region + "::product/aws/inspector"
	dst = f.head(dst, product, "AWSInspector")
	dst = append(dst, `,"Id":"arn:aws:inspector2:`+Region+`:`...)
	dst = append(f.uuid(append(append(dst, f.account...), `:finding/`...)), '"')
	pkg, flaw := word(packages, v), word(flaws, v/20)
	dst = quoted(dst, "Title", cve+" - "+pkg)
	dst = quoted(dst, "Description", "A "+flaw+" was found in "+pkg+" before its release of 20"+number(16+v%10)+" ("+cve+"). "+filler)
	dst = fmt.Appendf(dst, `,"Remediation":{"Recommendation":{"Text":"Update %s to a release that contains the fix. %s"}}`, pkg, advice)
	dst = fmt.Appendf(dst, `,"ProductFields":{"aws/inspector/inspectorScore":"%d.%d","aws/inspector/packageVulnerabilityDetails/vulnerabilityId":"%s","aws/inspector/resources:1/resourceDetails/awsEc2InstanceDetails/platform":"AMAZON_LINUX_2","aws/inspector/note":"%s"}`, v%10, v%9, cve, filler)
	dst = f.instance(append(dst, `,"Resources":[`...))
	dst = append(dst, `],"Vulnerabilities":[{"Id":"`...)
	dst = append(append(dst, cve...), `","VulnerablePackages":[`...)
	for i := range 4 {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = fmt.Appendf(dst, `{"Name":"%s-%d","Version":"%d.%d.%d","Epoch":"0","Release":"%d.amzn2","Architecture":"X86_64","PackageManager":"OS","FixedInVersion":"0:%d.%d.%d-%d.amzn2","Remediation":"yum update %s"}`,
			pkg, i, v%4, v%17, v%5, v%90, v%4, v%17, 1+v%5, v%90, pkg)
	}
	dst = fmt.Appendf(dst, `],"Cvss":[{"Version":"3.1","BaseScore":%d.%d,"BaseVector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","Source":"NVD"},{"Version":"2.0","BaseScore":%d.%d,"BaseVector":"AV:N/AC:L/Au:N/C:P/I:P/A:P","Source":"NVD"}],"Vendor":{"Name":"NVD","Url":"https://nvd.example.com/vuln/detail/%s","VendorSeverity":"HIGH","VendorCreatedAt":"2023-01-01T00:00:00Z","VendorUpdatedAt":"2023-06-01T00:00:00Z"},"ReferenceUrls":["https://lists.example.com/announce/%s","https://advisories.example.com/%s.html"],"FixAvailable":"%s","ExploitAvailable":"%s","EpssScore":0.0%d}]`,
		v%10, v%10, v%10, v%7, cve, cve, cve, []string{"YES", "NO", "PARTIAL"}[v%3], []string{"NO", "NO", "YES"}[v%3], v%97)
	return f.tail(dst, "Software and Configuration Checks/Vulnerabilities/CVE", true)
}

// posture is a partner product's finding.
func (f *draft) posture(dst []byte) []byte {
	c := f.r.IntN(400)
	check := fmt.Sprintf("%s_%s_%d", word(services, c), word(subjects, c/3), c)
	product := "arn:aws:securityhub:" + Region + "::product/prowler/prowler"
	dst = f.head(dst, product, "prowler-"+check)
	dst = append(dst, `,"Id":"prowler-`...)
	dst = append(append(append(dst, check...), '-'), f.account...)
	dst = append(f.uuid(append(dst, `-`+Region+`-`...)), '"')
	dst = quoted(dst, "Title", word(services, c)+" "+word(subjects, c/3)+" "+word(rules, c/11))
	dst = quoted(dst, "Description", word(services, c)+" "+word(subjects, c/3)+" number "+number(f.r.IntN(50_000))+" "+word(rules, c/11)+". "+filler)
	dst = fmt.Appendf(dst, `,"Remediation":{"Recommendation":{"Text":"%s","Url":"https://docs.example.com/checks/%s"}}`, advice, check)
	dst = fmt.Appendf(dst, `,"ProductFields":{"ProviderName":"Prowler","ProviderVersion":"5.%d.0","ProwlerResourceName":"resource-%d","Risk":"%s"}`, c%9, f.r.IntN(100_000), filler)
	dst = append(dst, `,"Resources":[`...)
	if c%2 == 0 {
		dst = f.bucket(dst)
	} else {
		dst = f.instance(dst)
	}
	dst = append(dst, ',')
	dst = f.instance(dst)
	dst = fmt.Appendf(dst, `],"Compliance":{"Status":"%s","RelatedRequirements":["%s","ENS-RD2022 op.acc.%d","ISO27001-2022 A.%d","SOC2 cc_%d_1","KISA-ISMS-P-2023 2.6.%d","MITRE-ATTACK T1%d","NIST-800-171-Revision-2 3_1_%d","NIST-CSF-1.1 ac_%d","PCI-4.0 7.2.%d","FedRAMP-Moderate-Revision-4 ac-%d","HIPAA 164_308_a_4_ii_%d","AWS-Well-Architected-Framework-Security-Pillar SEC03-BP0%d"],"AssociatedStandards":[{"StandardsId":"CIS-2.0"}]}`,
		[]string{"FAILED", "PASSED"}[f.r.IntN(2)], check, c%9, c%18, c%9, c%9, 100+c, c%22, c%7, c%6, c%25, c%3, c%9)
	dst = fmt.Appendf(dst, `,"Note":{"Text":"%s","UpdatedBy":"prowler","UpdatedAt":"2024-01-01T00:00:00.000Z"}`, filler[:220])
	return f.tail(dst, "Software and Configuration Checks/AWS Security Best Practices", true)
}

// threat is a detector's finding with network details.
func (f *draft) threat(dst []byte) []byte {
	t := f.r.IntN(60)
	kind := "TTPs/Command and Control/UnauthorizedAccess:EC2-" + word(subjects, t)
	product := "arn:aws:securityhub:" + Region + "::product/aws/guardduty"
	dst = f.head(dst, product, "arn:aws:guardduty:"+Region+":"+f.account+":detector/"+number(t%4))
	dst = append(dst, `,"Id":"arn:aws:guardduty:`+Region+`:`...)
	dst = append(f.uuid(append(append(dst, f.account...), `:detector/d/finding/`...)), '"')
	title := "Instance talks to a known command server (" + word(subjects, t) + ")"
	if f.n%9973 == 0 {
		title = "Instance runs a cryptominer on a graphics card"
	}
	dst = quoted(dst, "Title", title)
	dst = quoted(dst, "Description", title+" from port "+number(1024+f.r.IntN(60_000))+". "+filler)
	dst = fmt.Appendf(dst, `,"ProductFields":{"aws/guardduty/service/count":"%d","aws/guardduty/service/detectorId":"d-%d","aws/guardduty/service/additionalInfo":"%s","aws/guardduty/service/action/actionType":"NETWORK_CONNECTION"}`, 1+f.r.IntN(30), t%4, filler)
	dst = f.instance(append(dst, `,"Resources":[`...))
	ip := f.r.Uint32()
	dst = fmt.Appendf(dst, `],"Network":{"Direction":"OUT","Protocol":"TCP","SourceIpV4":"10.%d.%d.%d","SourcePort":%d,"DestinationIpV4":"%d.%d.%d.%d","DestinationPort":%d,"DestinationDomain":"c2-%d.example.net"}`,
		ip%4, ip>>8%256, ip>>16%256, 1024+f.r.IntN(60_000), 20+ip%180, ip>>8%256, ip>>16%256, ip>>24, []int{443, 80, 6667, 8333}[t%4], ip%4000)
	dst = fmt.Appendf(dst, `,"ThreatIntelIndicators":[{"Type":"IPV4_ADDRESS","Value":"%d.%d.%d.%d","Category":"COMMAND_AND_CONTROL","LastObservedAt":"2024-03-01T00:00:00.000Z","Source":"feed-%d","SourceUrl":"https://intel.example.net/%d"}],"Confidence":%d`,
		20+ip%180, ip>>8%256, ip>>16%256, ip>>24, t%6, ip%4000, 50+t%50)
	dst = fmt.Appendf(dst, `,"Process":{"Name":"proc-%d","Path":"/usr/bin/proc-%d","Pid":%d,"ParentPid":1,"LaunchedAt":"2024-03-01T00:00:00.000Z"}`, t, t, f.r.IntN(65_000))
	return f.tail(dst, kind, true)
}

// custom is an organisation's own tool writing under the default product.
func (f *draft) custom(dst []byte) []byte {
	c := f.r.IntN(120)
	product := "arn:aws:securityhub:" + Region + ":" + f.account + ":product/" + f.account + "/default"
	dst = f.head(dst, product, "inhouse-scanner/rule-"+number(c))
	dst = append(dst, `,"Id":"inhouse/`...)
	dst = append(f.uuid(append(append(dst, f.account...), '/')), '"')
	dst = quoted(dst, "Title", "Internal rule "+number(c)+": "+word(rules, c))
	dst = quoted(dst, "Description", "Run "+number(f.n)+" of the internal scanner found that a "+word(subjects, c)+" resource "+word(rules, c)+". "+filler+" "+filler[:200])
	dst = fmt.Appendf(dst, `,"SourceUrl":"https://scanner.example.com/runs/%d","Criticality":%d`, f.n, c%100)
	dst = fmt.Appendf(dst, `,"Resources":[{"Type":"Other","Id":"host-%d.internal.example.com","Details":{"Other":{"os":"%s","owner":"team-%d","run":"%d","evidence":"%s","context":"%s"}}}]`,
		f.r.IntN(30_000), []string{"debian", "rhel", "windows"}[c%3], c%200, f.n, filler, filler)
	return f.tail(dst, "Effects/Data Exposure", true)
}
