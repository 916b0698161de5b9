package hub

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// aggregatorRecords has an account's one aggregator, of no region (behaviour.md section 5.8).
const aggregatorRecords = "finding-aggregator"

// The ways in which an aggregator links regions to its home.
const (
	linkAll       = "ALL_REGIONS"
	linkAllExcept = "ALL_REGIONS_EXCEPT_SPECIFIED"
	linkSpecified = "SPECIFIED_REGIONS"
	linkNone      = "NO_REGIONS"
)

// maxLinkedRegions bounds the Regions of an aggregator; the cloud has fewer.
const maxLinkedRegions = 100

// aggregatorRecord is an account's aggregator. Home is where it was created, and stays.
type aggregatorRecord struct {
	ID      string
	Home    string
	Mode    string
	Regions []string `json:",omitempty"`
}

// FindingAggregatorOutput is an aggregator as the API tells it.
type FindingAggregatorOutput struct {
	FindingAggregatorArn     string
	FindingAggregationRegion string
	RegionLinkingMode        string
	Regions                  []string `json:",omitempty"`
}

// accountOnly is the caller where records are of its account and no region.
func accountOnly(p auth.Principal) auth.Principal { return inRegion(p, "") }

// aggregator reads the caller's aggregator; false when it has none.
func (h *Hub) aggregator(ctx context.Context, p auth.Principal) (aggregatorRecord, bool, error) {
	r := aggregatorRecord{}
	found, err := h.load(ctx, accountOnly(p), aggregatorRecords, defaultHub, &r)
	return r, found, err
}

// linkedRegions are the regions, without its own, whose findings the caller's hub shows: those
// that its aggregator links, when this is the aggregator's home. All hubs are in one store, so
// that nothing is copied: both regions see the one finding, and every change of it.
func (h *Hub) linkedRegions(ctx context.Context, p auth.Principal) ([]string, error) {
	r, found, err := h.aggregator(ctx, p)
	if err != nil || !found || r.Home != p.Region {
		return nil, err
	}
	regions := r.Regions
	if r.Mode == linkAll || r.Mode == linkAllExcept {
		if regions, err = h.regions(ctx, p.Account); err != nil {
			return nil, err
		}
	}
	var linked []string
	for _, region := range regions {
		if region != p.Region && r.links(region) {
			linked = append(linked, region)
		}
	}
	return linked, nil
}

// links says whether a region is linked.
func (r aggregatorRecord) links(region string) bool {
	switch r.Mode {
	case linkAll:
		return true
	case linkAllExcept:
		return !slices.Contains(r.Regions, region)
	case linkSpecified:
		return slices.Contains(r.Regions, region)
	}
	return false
}

// newLink judges how regions are to be linked to a home.
func newLink(home, mode string, regions []string) (aggregatorRecord, error) {
	r := aggregatorRecord{Home: home, Mode: mode, Regions: slices.Sorted(slices.Values(regions))}
	r.Regions = slices.Compact(r.Regions)
	switch mode {
	case linkAll, linkNone:
		if len(regions) > 0 {
			return r, invalid("Invalid parameter 'Regions'. It may not be given with RegionLinkingMode %s.", mode)
		}
	case linkAllExcept, linkSpecified:
		if len(regions) == 0 {
			return r, invalid("Invalid parameter 'Regions'. It is required with RegionLinkingMode %s.", mode)
		}
	default:
		return r, invalid("Invalid parameter 'RegionLinkingMode'. Value '%.100s' is not one of: %s, %s, %s, %s.", mode, linkAll, linkAllExcept, linkSpecified, linkNone)
	}
	if n := len(regions); n > maxLinkedRegions {
		return r, invalid("Invalid parameter 'Regions'. Size '%d' is greater than maximum value: %d.", n, maxLinkedRegions)
	}
	for i, region := range regions {
		if !auth.ValidRegion(region) {
			return r, invalid("Invalid parameter 'Regions[%d]'. Value '%.100s' is not a region's name.", i, region)
		}
		if region == home {
			return r, invalid("Invalid parameter 'Regions[%d]'. Value '%s' is the home region.", i, region)
		}
	}
	return r, nil
}

// arn is the aggregator's, in its home region.
func (r aggregatorRecord) arn(p auth.Principal) arn {
	return own(inRegion(p, r.Home), kindAggregator, r.ID)
}

func (r aggregatorRecord) view(p auth.Principal) *FindingAggregatorOutput {
	return &FindingAggregatorOutput{
		FindingAggregatorArn: r.arn(p).String(), FindingAggregationRegion: r.Home, RegionLinkingMode: r.Mode, Regions: r.Regions,
	}
}

// namedAggregator is the caller's aggregator when this is its ARN: 404 otherwise.
func (h *Hub) namedAggregator(ctx context.Context, p auth.Principal, aggregatorARN string) (aggregatorRecord, error) {
	a, err := h.aggregatorName(ctx, p, aggregatorARN)
	if err != nil {
		return aggregatorRecord{}, err
	}
	r, found, err := h.aggregator(ctx, p)
	if err == nil && (!found || r.arn(p) != a) {
		err = notFound(a)
	}
	return r, err
}

// aggregatorName reads an aggregator's ARN for a caller whose hub is on.
func (h *Hub) aggregatorName(ctx context.Context, p auth.Principal, aggregatorARN string) (arn, error) {
	a, ok := parseARN(aggregatorARN)
	if !ok || a.kind != kindAggregator {
		return a, invalid("Invalid parameter 'FindingAggregatorArn'. Value '%.200s' is not the ARN of a finding aggregator.", aggregatorARN)
	}
	_, err := h.requireHub(ctx, p)
	return a, err
}

// editAggregator changes the caller's aggregator, in its home region, when this is its ARN at that moment:
// 404 otherwise.
func (h *Hub) editAggregator(ctx context.Context, p auth.Principal, aggregatorARN string, f func(aggregatorRecord) (*aggregatorRecord, error)) error {
	a, err := h.aggregatorName(ctx, p, aggregatorARN)
	if err != nil {
		return err
	}
	return edit(ctx, h, accountOnly(p), aggregatorRecords, defaultHub, func(r aggregatorRecord, found bool) (*aggregatorRecord, error) {
		if !found || r.arn(p) != a {
			return nil, notFound(a)
		}
		if err := r.atHome(p); err != nil {
			return nil, err
		}
		return f(r)
	})
}

// atHome refuses to change an aggregator from another region than its home.
func (r aggregatorRecord) atHome(p auth.Principal) error {
	if r.Home != p.Region {
		return invalid("The finding aggregator can only be changed in its home region %s.", r.Home)
	}
	return nil
}

// mayAggregate refuses members: their administrator aggregates. The status is not the code's own
// (behaviour.md section 5.8).
func (h *Hub) mayAggregate(ctx context.Context, p auth.Principal) error {
	administrator, err := h.administratorOf(ctx, p.Account, p.Region)
	if err != nil || administrator == "" {
		return err
	}
	e := findinghub.Errorf(findinghub.CodeInvalidInput, "A finding aggregator cannot be created by a member account.")
	e.Status = 401
	return e
}

// newUUID makes a random id.
func (h *Hub) newUUID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(h.rand, b[:]); err != nil {
		return "", failed(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	x := hex.EncodeToString(b[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s", x[:8], x[8:12], x[12:16], x[16:20], x[20:]), nil
}
