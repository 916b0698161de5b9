package api

import (
	"context"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/hub"
)

// executor decodes a request and executes it. The result is encoded as JSON; nil is an
// empty body. Whoever adds an operation to the hub adds its line to built, and it is served.
type executor func(context.Context, *hub.Hub, auth.Principal, *request) (any, error)

// built are the operations that the hub has; the others of the API answer 501.
var built = map[string]executor{
	"AcceptAdministratorInvitation":        tell((*hub.Hub).AcceptAdministratorInvitation),
	"AcceptInvitation":                     tell((*hub.Hub).AcceptInvitation),
	"BatchImportFindings":                  batchImportFindings,
	"BatchUpdateFindings":                  ask((*hub.Hub).BatchUpdateFindings),
	"CreateMembers":                        ask((*hub.Hub).CreateMembers),
	"DeclineInvitations":                   ask((*hub.Hub).DeclineInvitations),
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
	"GetFindingHistory":                    getFindingHistory,
	"GetFindings":                          ask((*hub.Hub).GetFindings),
	"GetInvitationsCount":                  ask((*hub.Hub).GetInvitationsCount),
	"GetMasterAccount":                     ask((*hub.Hub).GetMasterAccount),
	"GetMembers":                           ask((*hub.Hub).GetMembers),
	"InviteMembers":                        ask((*hub.Hub).InviteMembers),
	"ListEnabledProductsForImport":         ask((*hub.Hub).ListEnabledProductsForImport),
	"ListInvitations":                      ask((*hub.Hub).ListInvitations),
	"ListMembers":                          ask((*hub.Hub).ListMembers),
	"ListOrganizationAdminAccounts":        ask((*hub.Hub).ListOrganizationAdminAccounts),
	"ListTagsForResource":                  ask((*hub.Hub).ListTagsForResource),
	"TagResource":                          tell((*hub.Hub).TagResource),
	"UntagResource":                        tell((*hub.Hub).UntagResource),
	"UpdateFindings":                       tell((*hub.Hub).UpdateFindings),
	"UpdateOrganizationConfiguration":      tell((*hub.Hub).UpdateOrganizationConfiguration),
	"UpdateSecurityHubConfiguration":       tell((*hub.Hub).UpdateSecurityHubConfiguration),
}

// ask makes an executor of an operation that answers with something.
func ask[In, Out any](op func(*hub.Hub, context.Context, auth.Principal, In) (*Out, error)) executor {
	return func(ctx context.Context, h *hub.Hub, p auth.Principal, r *request) (any, error) {
		var in In
		if err := r.decode(&in); err != nil {
			return nil, err
		}
		return result(op(h, ctx, p, in))
	}
}

// result makes an executor's result of an operation's: a failure has none, not even a nil
// *Out, which would no longer be nil in the interface.
func result[Out any](out *Out, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return out, nil
}

// tell makes an executor of an operation whose answer is empty. Clients depend on its having no body
// at all rather than {} (behaviour.md section 9).
func tell[In any](op func(*hub.Hub, context.Context, auth.Principal, In) error) executor {
	return func(ctx context.Context, h *hub.Hub, p auth.Principal, r *request) (any, error) {
		var in In
		if err := r.decode(&in); err != nil {
			return nil, err
		}
		return nil, op(h, ctx, p, in)
	}
}
