package main

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"strings"
	"time"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/identity"
	"github.com/findinghub/findinghub/auth/policy"
)

type explainCommand struct {
	As       string   `required:"" placeholder:"ARN" help:"Who asks: a user, a role or a role's session."`
	Action   string   `required:"" placeholder:"ACTION" help:"What is to be done, such as securityhub:GetFindings."`
	Resource string   `default:"*" help:"The ARN of what it is to be done to."`
	Set      []string `sep:"none" placeholder:"KEY=VALUE" help:"A condition key of the request, such as aws:SourceIp=192.0.2.1; may be repeated, also for a further value of the same key."`
	Region   string   `default:"${region}" placeholder:"REGION" help:"The region that the request is sent to."`
	All      bool     `help:"Print every statement and why it does not apply."`
}

// Help is what explain --help says beyond its flags.
func (*explainCommand) Help() string {
	return `The request is one over TLS from 127.0.0.1, now, unless --set says otherwise. Policies of resources and of session tokens
are not known here. The exit code is 0 if it is allowed and 1 if not.

  findinghub identity explain --as arn:aws:iam::111122223333:role/Developer --action securityhub:BatchUpdateFindings \
      --set securityhub:ASFFSyntaxPath/Workflow.Status=SUPPRESSED`
}

// Run decides and says why.
func (c *explainCommand) Run(m *Main, in *identityCommand) error {
	set, err := c.context()
	if err != nil {
		return err
	}
	if !auth.ValidRegion(c.Region) {
		return usagef("--region %q is not a region's name", c.Region)
	}
	d, err := in.open(m)
	if err != nil {
		return err
	}
	p, ok := d.Snapshot().Principal(c.As, c.Region, identity.Environment{
		SourceIP: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Secure: true, Now: time.Now(),
	})
	if !ok {
		return usagef("--as %q is neither a user nor a role nor a role's session of these identities", c.As)
	}
	return c.explain(m.Stdout, p, set)
}

// context reads the condition keys that are set by hand.
func (c *explainCommand) context() (policy.Context, error) {
	set := policy.Context{}
	for _, pair := range c.Set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, usagef("--set %q is not of the form KEY=VALUE", pair)
		}
		key = strings.ToLower(key)
		set[key] = append(set[key], value)
	}
	return set, nil
}

// explain prints the decision and what led to it.
func (c *explainCommand) explain(w io.Writer, p auth.Principal, set policy.Context) error {
	d := p.Decide(auth.Access{Action: c.Action, Resource: c.Resource, Context: set})
	effect := "Deny"
	if d.Allowed() {
		effect = "Allow"
	}
	fmt.Fprintf(w, "%s: %s on %s as %s\n%s\n", effect, c.Action, c.Resource, p.ARN, because(d))
	if c.All {
		context := maps.Clone(p.Rights.Context)
		maps.Copy(context, set)
		for _, step := range p.Rights.Policies.Trace(policy.Request{
			Principal: p.Rights.Principal, Action: c.Action, Resource: c.Resource, Context: context,
		}) {
			fmt.Fprintf(w, "  %s\n", step)
		}
	}
	if !d.Allowed() {
		return errReported
	}
	return nil
}

// because says what decided.
func because(d policy.Decision) string {
	text := fmt.Sprintf("no statement of an %s allows it", d.Source)
	if d.Source != policy.FromIdentity {
		text = fmt.Sprintf("no statement of a %s allows it", d.Source)
	}
	if d.Statement > 0 {
		text = fmt.Sprintf("decided by %s %q, statement %d", d.Source, d.Policy, d.Statement)
		if d.Sid != "" {
			text += " (" + d.Sid + ")"
		}
	}
	if len(d.Keys) > 0 {
		text += "; it hangs on " + strings.Join(d.Keys, ", ")
	}
	return text
}
