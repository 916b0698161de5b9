// Package auth says who is calling. In --dev it reads the caller off the request's
// credential scope without checking the signature; verified signatures, policies and
// account relations come with the second issue, behind the same Principal.
package auth

import "strings"

// Principal is a caller.
type Principal struct {
	// Account is the caller's 12-digit account.
	Account string
	// ARN names the caller in messages and in the history.
	ARN string
	// Region is the region of the request's credential scope: the hub that is addressed.
	Region string
}

// Partition names the partition that a region belongs to, which is the second part of
// every ARN in it.
func Partition(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			return p.name
		}
	}
	return "aws"
}

// partitions holds longer prefixes before the shorter ones that they start with.
var partitions = []struct{ prefix, name string }{
	{"cn-", "aws-cn"},
	{"us-gov-", "aws-us-gov"},
	{"us-isob-", "aws-iso-b"},
	{"us-isof-", "aws-iso-f"},
	{"us-iso-", "aws-iso"},
	{"eu-isoe-", "aws-iso-e"},
	{"eusc-", "aws-eusc"},
}
