package auth

import (
	"cmp"
	"strings"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/asff"
)

// DevAccount is who calls when the access key says nothing about the account.
const DevAccount = "123456789012"

// The services whose requests a hub takes, as credential scopes name them.
const (
	ServiceHub = "securityhub"
	ServiceSTS = "sts"
)

// scheme is the one way of signing that clients of this service use.
const scheme = "AWS4-HMAC-SHA256"

// Claim is what a request says about its caller: the parts of it that carry credentials.
type Claim struct {
	// Authorization is the header of that name, "" where there is none.
	Authorization string
	// Credential is the query parameter X-Amz-Credential of a presigned request, "" where there is none.
	Credential string
	// DefaultRegion is addressed by a request that names no region.
	DefaultRegion string
	// Service is the one that the request must be signed for, securityhub where it is "".
	Service string
}

// Dev takes a claim at its word, for --dev: an access key id of 12 digits is the
// account, every other key and a request without credentials are DevAccount. Credentials
// that are there but cannot be read are an error rather than a guess, because a request
// that lands in the wrong account or region is harder to find than one that fails.
func Dev(c Claim) (Principal, error) {
	credential, err := c.credential()
	if err != nil {
		return Principal{}, err
	}
	if credential == "" {
		return devPrincipal("", c.DefaultRegion), nil
	}
	key, region, err := splitCredential(credential, cmp.Or(c.Service, ServiceHub))
	if err != nil {
		return Principal{}, err
	}
	return devPrincipal(key, region), nil
}

// credential finds the credential scope; the header wins, as it does in the service.
func (c Claim) credential() (string, error) {
	if c.Authorization == "" {
		return c.Credential, nil
	}
	rest, ok := strings.CutPrefix(c.Authorization, scheme)
	if !ok || !strings.HasPrefix(rest, " ") {
		return "", incomplete("the Authorization header does not start with %q", scheme)
	}
	for part := range strings.SplitSeq(rest, ",") {
		if value, ok := strings.CutPrefix(strings.TrimSpace(part), "Credential="); ok && value != "" {
			return value, nil
		}
	}
	return "", incomplete("the Authorization header has no Credential")
}

// splitCredential takes KEY/DATE/REGION/SERVICE/aws4_request apart. Keys may hold
// slashes, so the scope is counted from the end.
func splitCredential(credential, service string) (key, region string, err error) {
	parts := strings.Split(credential, "/")
	n := len(parts)
	if n < 5 || parts[n-1] != "aws4_request" {
		return "", "", incomplete("the Credential is not of the form KEY/DATE/REGION/SERVICE/aws4_request")
	}
	if parts[n-2] != service {
		return "", "", incomplete("the Credential is scoped to service %q, not to %s", parts[n-2], service)
	}
	region = parts[n-3]
	if !ValidRegion(region) {
		return "", "", incomplete("the Credential's region %q is not a region's name", region)
	}
	return strings.Join(parts[:n-4], "/"), region, nil
}

func incomplete(format string, args ...any) error {
	return findinghub.Errorf(CodeIncompleteSignature, format, args...)
}

func devPrincipal(key, region string) Principal {
	account := DevAccount
	if ValidAccount(key) {
		account = key
	}
	return Principal{Account: account, ARN: "arn:" + asff.PartitionOf(region) + ":iam::" + account + ":user/dev", Region: region, UserID: "DEV" + account, AccessKeyID: key}
}

// ValidAccount says whether id is an account's: 12 digits.
func ValidAccount(id string) bool {
	if len(id) != 12 {
		return false
	}
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return false
		}
	}
	return true
}

// ValidRegion says whether name may be a region's: 1 to 32 lower-case letters, digits
// and hyphens. It does not ask whether the region exists: new ones appear, and a hub
// of one's own may use names of its own.
func ValidRegion(name string) bool {
	if name == "" || len(name) > 32 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
