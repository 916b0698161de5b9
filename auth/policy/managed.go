package policy

import (
	"embed"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// The policies that every hub has. Those whose names begin with AWS, and AdministratorAccess,
// go by the names of AWS's own and allow what of those is this service's. The others are
// ours:
//
//   - FindingProvider is for a scanner: import, and the calls that scanners make before it.
//     It may read findings, because scanners such as Prowler read their own to archive those
//     that are resolved; no condition key could tell it its own. It may not enable an
//     integration: that is an administrator's choice, made once.
//   - Triager reads everything and sets every field that a customer may set.
//   - Developer reads everything, comments and sets user-defined fields. Each other field has
//     a Deny of its own, because the keys of one Condition are joined by AND.
//
//go:embed managed/*.json
var managedFiles embed.FS

// managedARN is what the ARNs of managed policies begin with.
const managedARN = "arn:aws:iam::aws:policy/"

// managedPolicies reads them on first use. A file that does not parse is a mistake in this
// program that the tests find.
var managedPolicies = sync.OnceValue(func() map[string]*Document {
	files, err := managedFiles.ReadDir("managed")
	if err != nil {
		panic(err)
	}
	all := make(map[string]*Document, len(files))
	for _, f := range files {
		text, err := managedFiles.ReadFile(path.Join("managed", f.Name()))
		if err != nil {
			panic(err)
		}
		d, err := Parse(text, Identity)
		if err != nil {
			panic("policy: " + f.Name() + ": " + err.Error())
		}
		all[strings.TrimSuffix(f.Name(), ".json")] = d
	}
	return all
})

// Managed finds a built-in policy by its name or by its ARN arn:aws:iam::aws:policy/NAME.
func Managed(name string) (*Document, bool) {
	d, ok := managedPolicies()[strings.TrimPrefix(name, managedARN)]
	return d, ok
}

// ManagedNames are the names of the built-in policies, sorted.
func ManagedNames() []string {
	return slices.Sorted(maps.Keys(managedPolicies()))
}
