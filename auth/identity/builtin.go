package identity

import "github.com/findinghub/findinghub/auth/policy"

// administratorAccess is the built-in policy that allows everything.
const administratorAccess = "AdministratorAccess"

// builtinPolicy finds a policy that every hub has.
func builtinPolicy(name string) (policy.Named, bool) {
	d, ok := policy.Managed(name)
	return policy.Named{Name: name, Document: d}, ok
}
