package identity

import "github.com/findinghub/findinghub/auth/policy"

// builtinPolicy finds a policy that every hub has.
func builtinPolicy(name string) (policy.Named, bool) {
	return policy.Named{}, false
}
