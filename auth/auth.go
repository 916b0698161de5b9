// Package auth says who is calling. In --dev it reads the caller off the request's
// credential scope without checking the signature; verified signatures, policies and
// account relations come with the second issue, behind the same Principal.
package auth

// Principal is a caller.
type Principal struct {
	// Account is the caller's 12-digit account.
	Account string
	// ARN names the caller in messages and in the history.
	ARN string
	// Region is the region of the request's credential scope: the hub that is addressed.
	Region string
}
