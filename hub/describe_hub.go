package hub

import (
	"context"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// DescribeHubInput is the operation's request.
type DescribeHubInput struct {
	// HubArn is the hub to describe, the caller's own when it is "".
	HubArn string
}

// DescribeHubOutput is the operation's response.
type DescribeHubOutput struct {
	HubArn                  string
	SubscribedAt            string
	AutoEnableControls      bool
	ControlFindingGenerator string
}

// DescribeHub tells about the caller's hub. The ARN of any other hub is 404, and what is
// no hub's ARN is 400 (behaviour.md section 5.6).
func (h *Hub) DescribeHub(ctx context.Context, p auth.Principal, in DescribeHubInput) (*DescribeHubOutput, error) {
	a, ok := parseARN(in.HubArn)
	if in.HubArn != "" && (!ok || a.kind != kindHub) {
		return nil, invalid("Invalid parameter 'HubArn'. Value '%s' is not the ARN of a hub.", in.HubArn)
	}
	r, err := h.requireHub(ctx, p)
	if err != nil {
		return nil, err
	}
	if in.HubArn != "" && in.HubArn != hubARN(p) {
		return nil, findinghub.Errorf(findinghub.CodeResourceNotFound, "Hub %s not found", in.HubArn)
	}
	return &DescribeHubOutput{
		HubArn: hubARN(p), SubscribedAt: formatTime(r.SubscribedAt),
		AutoEnableControls: r.AutoEnableControls, ControlFindingGenerator: r.ControlFindingGenerator,
	}, nil
}

// formatTime writes a time as the API does: UTC, to the millisecond.
func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
