package quota

// How many things the service lets an account have in a region (behaviour.md section 8, from
// the service's page in the general reference).
const (
	MaxMembers         = 10_000 // member accounts of an administrator; older pages say 5,000 and 11,000 (5.7)
	MaxInvitations     = 1_000  // invitations that wait for an answer, of an administrator
	MaxAutomationRules = 100    // of an administrator (5.9)
	MaxCustomActions   = 50     // action targets (5.4)
	MaxCustomInsights  = 100    // (5.3)
	MaxInsightResults  = 100    // values in the results of one insight (5.3)
)

// Limits are quotas as other packages ask for them. A number that is 0 is no limit, so the
// zero value is a hub without quotas.
type Limits struct {
	Members         int
	Invitations     int
	AutomationRules int
	CustomActions   int
	CustomInsights  int
	InsightResults  int
}

// ServiceLimits are those that the service has, for --aws-quotas.
func ServiceLimits() Limits {
	return Limits{
		Members: MaxMembers, Invitations: MaxInvitations, AutomationRules: MaxAutomationRules,
		CustomActions: MaxCustomActions, CustomInsights: MaxCustomInsights, InsightResults: MaxInsightResults,
	}
}
