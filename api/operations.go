package api

import (
	"context"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/hub"
)

// executor is how an operation is served, in steps, so that between reading what is asked for
// and doing it there is one place where the caller's rights are asked. A result is encoded
// as JSON; nil is an empty body.
type executor struct {
	decode func(*request) (in any, err error)
	run    func(ctx context.Context, h *hub.Hub, p auth.Principal, in any) (any, error)
}

// serve takes a request from its bytes to its result. Whether the operation is there at all is
// told only to those who may execute it.
func (h *handler) serve(ctx context.Context, c *call, r *request) (any, error) {
	p := c.principal
	e, ok := built[r.Name]
	if !ok {
		if err := h.hub.Authorize(ctx, p, r.Name, nil); err != nil {
			return nil, err
		}
		return nil, findinghub.Errorf(findinghub.CodeNotImplemented, "The operation %s is not implemented yet", r.Name)
	}
	in, err := e.decode(r)
	if err != nil {
		return nil, err
	}
	if h.audit != nil {
		c.parameters = parametersOf(in)
	}
	if err := h.hub.Authorize(ctx, p, r.Name, in); err != nil {
		return nil, err
	}
	return e.run(ctx, h.hub, p, in)
}

// built are the operations that the hub has; the others of the API answer 501. Whoever adds an
// operation to the hub adds its line here, and it is served.
var built = map[string]*executor{
	"AcceptAdministratorInvitation":        tell((*hub.Hub).AcceptAdministratorInvitation),
	"AcceptInvitation":                     tell((*hub.Hub).AcceptInvitation),
	"BatchImportFindings":                  batchImportFindings(),
	"BatchUpdateFindings":                  ask((*hub.Hub).BatchUpdateFindings),
	"CreateFindingAggregator":              ask((*hub.Hub).CreateFindingAggregator),
	"CreateMembers":                        ask((*hub.Hub).CreateMembers),
	"DeclineInvitations":                   ask((*hub.Hub).DeclineInvitations),
	"DeleteFindingAggregator":              tell((*hub.Hub).DeleteFindingAggregator),
	"DeleteInvitations":                    ask((*hub.Hub).DeleteInvitations),
	"DeleteMembers":                        ask((*hub.Hub).DeleteMembers),
	"DescribeHub":                          ask((*hub.Hub).DescribeHub),
	"DescribeOrganizationConfiguration":    ask((*hub.Hub).DescribeOrganizationConfiguration),
	"DescribeProducts":                     ask((*hub.Hub).DescribeProducts),
	"DisableImportFindingsForProduct":      tell((*hub.Hub).DisableImportFindingsForProduct),
	"DisableOrganizationAdminAccount":      tell((*hub.Hub).DisableOrganizationAdminAccount),
	"DisableSecurityHub":                   tell((*hub.Hub).DisableSecurityHub),
	"DisassociateFromAdministratorAccount": tell((*hub.Hub).DisassociateFromAdministratorAccount),
	"DisassociateFromMasterAccount":        tell((*hub.Hub).DisassociateFromMasterAccount),
	"DisassociateMembers":                  tell((*hub.Hub).DisassociateMembers),
	"EnableImportFindingsForProduct":       ask((*hub.Hub).EnableImportFindingsForProduct),
	"EnableOrganizationAdminAccount":       ask((*hub.Hub).EnableOrganizationAdminAccount),
	"EnableSecurityHub":                    tell((*hub.Hub).EnableSecurityHub),
	"GetAdministratorAccount":              ask((*hub.Hub).GetAdministratorAccount),
	"GetFindingAggregator":                 ask((*hub.Hub).GetFindingAggregator),
	"GetFindingHistory":                    getFindingHistory(),
	"GetFindings":                          ask((*hub.Hub).GetFindings),
	"GetInvitationsCount":                  ask((*hub.Hub).GetInvitationsCount),
	"GetMasterAccount":                     ask((*hub.Hub).GetMasterAccount),
	"GetMembers":                           ask((*hub.Hub).GetMembers),
	"InviteMembers":                        ask((*hub.Hub).InviteMembers),
	"ListEnabledProductsForImport":         ask((*hub.Hub).ListEnabledProductsForImport),
	"ListFindingAggregators":               ask((*hub.Hub).ListFindingAggregators),
	"ListInvitations":                      ask((*hub.Hub).ListInvitations),
	"ListMembers":                          ask((*hub.Hub).ListMembers),
	"ListOrganizationAdminAccounts":        ask((*hub.Hub).ListOrganizationAdminAccounts),
	"ListTagsForResource":                  ask((*hub.Hub).ListTagsForResource),
	"TagResource":                          tell((*hub.Hub).TagResource),
	"UntagResource":                        tell((*hub.Hub).UntagResource),
	"UpdateFindingAggregator":              ask((*hub.Hub).UpdateFindingAggregator),
	"UpdateFindings":                       tell((*hub.Hub).UpdateFindings),
	"UpdateOrganizationConfiguration":      tell((*hub.Hub).UpdateOrganizationConfiguration),
	"UpdateSecurityHubConfiguration":       tell((*hub.Hub).UpdateSecurityHubConfiguration),
}

// ask makes an executor of an operation that answers with something.
func ask[In, Out any](op func(*hub.Hub, context.Context, auth.Principal, In) (*Out, error)) *executor {
	return answering(decoded[In], op)
}

// tell makes an executor of an operation whose answer is empty. Clients depend on its having no body
// at all rather than {} (behaviour.md section 9).
func tell[In any](op func(*hub.Hub, context.Context, auth.Principal, In) error) *executor {
	return &executor{
		decode: func(r *request) (any, error) { return decoded[In](r) },
		run: func(ctx context.Context, h *hub.Hub, p auth.Principal, in any) (any, error) {
			return nil, op(h, ctx, p, in.(In))
		},
	}
}

// answering makes an executor of an operation whose input has a decoder of its own.
func answering[In, Out any](decode func(*request) (In, error), op func(*hub.Hub, context.Context, auth.Principal, In) (*Out, error)) *executor {
	return &executor{
		decode: func(r *request) (any, error) { return decode(r) },
		run: func(ctx context.Context, h *hub.Hub, p auth.Principal, in any) (any, error) {
			out, err := op(h, ctx, p, in.(In))
			if err != nil {
				return nil, err // not out: a nil *Out would no longer be nil in the interface
			}
			return out, nil
		},
	}
}

// decoded reads a request into an input by the API's model.
func decoded[In any](r *request) (In, error) {
	var in In
	err := r.decode(&in)
	return in, err
}
