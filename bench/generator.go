package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// Region is the hub's region in every benchmark.
const Region = "us-east-1"

// Generator writes findings that look like a fleet's: several accounts and products,
// a few hundred controls and many thousand vulnerabilities, resources that recur, free
// text that repeats and some that does not. Finding number n is the same in every run
// of one seed, so that peers are fed the same bytes. A Generator is not for concurrent use;
// each goroutine makes its own.
type Generator struct {
	seed  uint64
	start time.Time
	step  time.Duration
	rng   *rand.PCG
	r     *rand.Rand
}

// span is how long ago the oldest finding was seen: what the service keeps.
const span = 90 * 24 * time.Hour

// NewGenerator makes a generator whose first size findings were seen one after the
// other over the span before now.
func NewGenerator(seed uint64, size int, now time.Time) *Generator {
	pcg := rand.NewPCG(seed, 0)
	return &Generator{seed: seed, start: now.Add(-span).UTC(), step: span / time.Duration(size), rng: pcg, r: rand.New(pcg)}
}

// Accounts is how many accounts the findings belong to.
const Accounts = 20

// Account gives the id of account i.
func Account(i int) string { return fmt.Sprintf("%012d", 111_100_000_000+i*37) }

// block is how many consecutive findings share an account: as many as a request takes,
// since a caller may only import for its own account.
const block = 100

// AccountOf gives the account that finding n belongs to.
func (g *Generator) AccountOf(n int) string { return Account((n / block) % Accounts) }

// Append appends finding n as JSON. round tells re-imports apart: a higher one is newer
// and differs in a few members, as a scanner's next run does.
func (g *Generator) Append(dst []byte, n, round int) []byte {
	g.rng.Seed(g.seed, uint64(n))
	f := draft{
		n: n, round: round, account: g.AccountOf(n), r: g.r,
		seen: g.start.Add(time.Duration(n) * g.step % span),
	}
	f.seen = f.seen.Add(time.Duration(g.r.IntN(60_000)) * time.Millisecond)
	f.updated = f.seen.Add(time.Duration(round) * time.Hour)
	switch k := g.r.IntN(100); {
	case k < 45:
		return f.control(dst)
	case k < 70:
		return f.vulnerability(dst)
	case k < 90:
		return f.posture(dst)
	case k < 95:
		return f.threat(dst)
	default:
		return f.custom(dst)
	}
}

// Request appends the body of a BatchImportFindings request with findings
// [from, from+count), which must not cross an account's block.
func (g *Generator) Request(dst []byte, from, count, round int) []byte {
	dst = append(dst, `{"Findings":[`...)
	for i := range count {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = g.Append(dst, from+i, round)
	}
	return append(dst, `]}`...)
}

// draft is one finding being written.
type draft struct {
	n, round      int
	account       string
	r             *rand.Rand
	seen, updated time.Time
}

const timeFormat = "2006-01-02T15:04:05.000Z"

func (f *draft) uuid(dst []byte) []byte {
	const hex = "0123456789abcdef"
	a, b := f.r.Uint64(), f.r.Uint64()
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			dst = append(dst, '-')
		}
		v := a
		if i >= 16 {
			v = b
		}
		dst = append(dst, hex[v>>(4*(i%16))&15])
	}
	return dst
}

// head writes the members that every finding begins with.
func (f *draft) head(dst []byte, product, generator string) []byte {
	dst = append(dst, `{"SchemaVersion":"2018-10-08","ProductArn":"`...)
	dst = append(dst, product...)
	dst = append(dst, `","GeneratorId":"`...)
	dst = append(dst, generator...)
	dst = append(dst, `","AwsAccountId":"`...)
	dst = append(dst, f.account...)
	dst = append(dst, `","FirstObservedAt":"`...)
	dst = f.seen.AppendFormat(dst, timeFormat)
	dst = append(dst, `","CreatedAt":"`...)
	dst = f.seen.AppendFormat(dst, timeFormat)
	dst = append(dst, `","LastObservedAt":"`...)
	dst = f.updated.AppendFormat(dst, timeFormat)
	dst = append(dst, `","UpdatedAt":"`...)
	dst = f.updated.AppendFormat(dst, timeFormat)
	return append(dst, '"')
}

// The labels with their shares in percent.
var severities = []struct {
	label      string
	normalized int
	share      int
}{{"CRITICAL", 90, 3}, {"HIGH", 70, 15}, {"MEDIUM", 40, 40}, {"LOW", 1, 30}, {"INFORMATIONAL", 0, 12}}

// tail writes severity, state and the end of the finding.
func (f *draft) tail(dst []byte, kind string, archivable bool) []byte {
	k, s := f.r.IntN(100), severities[0]
	for _, s = range severities {
		if k -= s.share; k < 0 {
			break
		}
	}
	dst = fmt.Appendf(dst, `,"Severity":{"Label":"%s","Normalized":%d,"Original":"%s"},"Types":["%s"]`, s.label, s.normalized, s.label, kind)
	dst = fmt.Appendf(dst, `,"FindingProviderFields":{"Severity":{"Label":"%s","Original":"%s"},"Types":["%s"]}`, s.label, s.label, kind)
	if f.r.IntN(20) == 0 {
		dst = fmt.Appendf(dst, `,"UserDefinedFields":{"team":"team-%d","ticket":"SEC-%d"}`, f.r.IntN(200), f.n)
	}
	if f.r.IntN(10) == 0 {
		dst = fmt.Appendf(dst, `,"Workflow":{"Status":"%s"}`, []string{"NOTIFIED", "RESOLVED", "SUPPRESSED"}[f.r.IntN(3)])
	}
	state := "ACTIVE"
	if archivable && f.r.IntN(8) == 0 {
		state = "ARCHIVED"
	}
	dst = append(dst, `,"RecordState":"`...)
	return append(append(dst, state...), `"}`...)
}

// instance writes a resource that recurs: every account has a few ten thousand.
func (f *draft) instance(dst []byte) []byte {
	id := f.r.IntN(15_000)
	if f.r.IntN(10) == 0 {
		id = f.r.IntN(50)
	}
	arn := fmt.Sprintf("arn:aws:ec2:%s:%s:instance/i-%017x", Region, f.account, uint64(id)*2654435761+17)
	dst = fmt.Appendf(dst, `{"Type":"AwsEc2Instance","Id":"%s","Partition":"aws","Region":"%s","Tags":{"Name":"app-%d","Environment":"%s"}`,
		arn, Region, id%900, []string{"prod", "staging", "dev"}[id%3])
	if id%3 != 0 {
		return append(dst, '}')
	}
	return fmt.Appendf(dst, `,"Details":{"AwsEc2Instance":{"Type":"%s","ImageId":"ami-%017x","IpV4Addresses":["10.%d.%d.%d"],"KeyName":"key-%d","IamInstanceProfileArn":"arn:aws:iam::%s:instance-profile/profile-%d","VpcId":"vpc-%08x","SubnetId":"subnet-%08x","LaunchedAt":"2024-0%d-1%dT08:00:00.000Z"}}}`,
		[]string{"m5.large", "t3.medium", "c6i.xlarge", "r5.2xlarge"}[id%4], uint64(id%60)*7919, id%4, id/256%256, id%256, id%25, f.account, id%30, id%12, id%48, 1+id%9, id%10)
}

func (f *draft) bucket(dst []byte) []byte {
	id := f.r.IntN(4_000)
	return fmt.Appendf(dst, `{"Type":"AwsS3Bucket","Id":"arn:aws:s3:::data-%s-%05d","Partition":"aws","Region":"%s","Tags":{"Owner":"team-%d"},"Details":{"AwsS3Bucket":{"OwnerId":"%064x","OwnerName":"owner-%d","CreatedAt":"2023-05-0%dT10:00:00.000Z","ServerSideEncryptionConfiguration":{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"arn:aws:kms:%s:%s:key/alias-%d"}}]}}}}`,
		f.account, id, Region, id%200, id%20, id%20, 1+id%9, Region, f.account, id%7)
}

func quoted(dst []byte, name, text string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	dst = append(dst, `":"`...)
	dst = append(dst, text...)
	return append(dst, '"')
}

func word(words []string, n int) string { return words[n%len(words)] }

func number(n int) string { return strconv.Itoa(n) }
