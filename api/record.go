package api

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/audit"
	"github.com/findinghub/findinghub/auth/sigv4"
	"github.com/findinghub/findinghub/hub"
)

// isReadOnly says whether an operation changes nothing, by its name, as CloudTrail says of it.
func isReadOnly(operation string) bool {
	return slices.ContainsFunc([]string{"Get", "List", "Describe", "BatchGet", "AssumeRole"}, func(prefix string) bool {
		return strings.HasPrefix(operation, prefix)
	})
}

// begin asks the record of calls whether there will be room for this call. What cannot be
// recorded is not done.
func (h *handler) begin(c *call) error {
	if h.audit == nil {
		return nil
	}
	err := h.audit.Begin(isReadOnly(c.operation))
	c.begun = err == nil
	return err
}

// record puts a call on record. Requests that were for nothing, and those of strangers beyond
// what anybody can read, are not: else whoever can reach the hub could push everything else
// out of the record.
func (h *handler) record(c *call, r *http.Request, err error) {
	if h.audit == nil || c.operation == unknownOperation {
		return
	}
	if c.principal.Account == "" {
		if !h.strangers.AllowN(h.now(), 1) {
			h.metrics.strangers.Inc()
			return
		}
		// Who it says it is, and hence whose key is being tried.
		if s, perr := sigv4.Parse(signedPart(r)); perr == nil {
			c.principal.AccessKeyID, c.principal.Region = s.AccessKeyID, s.Region
		}
	}
	status := http.StatusOK
	if err != nil {
		status = statusOfError(findinghub.AsError(err))
	}
	rec := audit.New(audit.Call{
		Principal: c.principal, STS: c.sts, Operation: c.operation, ReadOnly: isReadOnly(c.operation),
		Time: h.now(), Duration: h.now().Sub(c.start), RequestID: c.id, EventID: h.requestID(),
		Address: addressOf(c.source), UserAgent: r.UserAgent(), Parameters: c.parameters,
		TLS: audit.TLS(r.TLS, r.Host), Status: status, Err: err,
	})
	if !c.begun {
		_ = h.audit.Write(rec) // the log has counted and told what it could not write
		return
	}
	_ = h.audit.End(rec)
}

func addressOf(s source) string {
	if !s.addr.IsValid() {
		return ""
	}
	return s.addr.String()
}

// named are the members of requests that the record tells: what a request is about, never
// what it says. They are names, ARNs, ids, modes and switches.
var named = []string{"Arn", "Arns", "Id", "Ids", "Regions", "RegionLinkingMode", "AutoEnable", "AutoEnableStandards", "Feature", "TagKeys", "AutoEnableControls", "ControlFindingGenerator", "MaxResults"}

// parametersOf is what the record tells of an input.
func parametersOf(in any) map[string]any {
	switch in := in.(type) {
	case hub.BatchImportFindingsInput:
		return map[string]any{"findings": len(in.Findings)}
	case hub.BatchUpdateFindingsInput:
		return map[string]any{"findingIdentifiers": in.FindingIdentifiers, "fields": in.Fields()}
	case hub.GetFindingHistoryInput:
		return map[string]any{"findingIdentifier": in.FindingIdentifier}
	}
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Struct {
		return nil
	}
	parameters := map[string]any{}
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if v.Field(i).IsZero() || !slices.ContainsFunc(named, func(suffix string) bool { return strings.HasSuffix(name, suffix) }) {
			continue
		}
		parameters[strings.ToLower(name[:1])+name[1:]] = v.Field(i).Interface()
	}
	return parameters
}
