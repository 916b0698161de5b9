package audit

import (
	"crypto/tls"
	"errors"
	"strings"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// Call is one call of the API as the door sees it when it is over.
type Call struct {
	Principal auth.Principal
	// STS says that the call was to the token service and not to the hub.
	STS       bool
	Operation string
	// ReadOnly says that the operation changes nothing. It must be what Log.Begin was told.
	ReadOnly  bool
	Time      time.Time     // when the call was answered
	Duration  time.Duration // from the request's first byte to the answer's last
	RequestID string
	EventID   string // unique among all records
	Address   string // of the caller, without the port
	UserAgent string
	// Parameters are the few that say what was asked for: ARNs, numbers of findings, names.
	// Members whose names are those of secrets or findings are hidden, see hidden.
	Parameters map[string]any
	TLS        *TLSDetails
	Status     int   // of the answer, in HTTP
	Err        error // what the operation failed with; only its code and public message are told
}

// New makes a call's record. Of the principal it tells name, account and key id; policies,
// and whatever else comes with it, stay behind.
func New(c Call) Record {
	r := Record{
		EventVersion: eventVersion, UserIdentity: Identity(c.Principal), EventTime: c.Time.UTC().Format(timeFormat),
		EventSource: sourceHub, APIVersion: versionHub, EventName: c.Operation, AWSRegion: c.Principal.Region,
		SourceIPAddress: c.Address, UserAgent: c.UserAgent, RequestParameters: c.Parameters,
		AdditionalEventData: Additional{HTTPStatus: c.Status, DurationMS: float64(c.Duration.Microseconds()) / 1000},
		RequestID:           c.RequestID, EventID: c.EventID, ReadOnly: c.ReadOnly, Resources: resources(c.Principal.Trail),
		EventType: typeAPICall, ManagementEvent: true, RecipientAccountID: c.Principal.Account,
		EventCategory: categoryOther, TLSDetails: c.TLS,
	}
	if c.STS {
		r.EventSource, r.APIVersion = sourceSTS, versionSTS
	}
	r.ErrorCode, r.ErrorMessage = told(c.Err)
	return r
}

// told is what may be told of an error: its cause may hold a finding's text or a path of ours.
func told(err error) (code, message string) {
	if err == nil {
		return "", ""
	}
	var e *findinghub.Error
	if !errors.As(err, &e) {
		e = findinghub.Internal(err)
	}
	return e.Code, e.Message
}

// resourceTypes are CloudFormation's names, which CloudTrail uses, by what the resource part of an ARN begins with.
func resourceType(kind string) string {
	switch kind {
	case "hub":
		return "AWS::SecurityHub::Hub"
	case "hubv2":
		return "AWS::SecurityHub::HubV2"
	case "insight":
		return "AWS::SecurityHub::Insight"
	case "automation-rule":
		return "AWS::SecurityHub::AutomationRule"
	case "product-subscription":
		return "AWS::SecurityHub::ProductSubscription"
	case "finding-aggregator":
		return "AWS::SecurityHub::FindingAggregator"
	case "configuration-policy":
		return "AWS::SecurityHub::ConfigurationPolicy"
	case "subscription":
		return "AWS::SecurityHub::Standard"
	case "role":
		return "AWS::IAM::Role"
	}
	return ""
}

// resources are the ARNs of a trail. What is not an ARN, "*" for one, names no resource.
func resources(t *auth.Trail) []Resource {
	if t == nil {
		return nil
	}
	var all []Resource
	for _, name := range t.Resources {
		if a, ok := splitARN(name); ok {
			kind, _, _ := strings.Cut(a.resource, "/")
			all = append(all, Resource{AccountID: a.account, Type: resourceType(kind), ARN: name})
		}
	}
	return all
}

// TLS describes a connection's state; nil, where there is no TLS, gives nil.
func TLS(s *tls.ConnectionState, host string) *TLSDetails {
	if s == nil {
		return nil
	}
	// CloudTrail writes TLSv1.3 where Go says TLS 1.3.
	version := strings.Replace(tls.VersionName(s.Version), "TLS ", "TLSv", 1)
	return &TLSDetails{TLSVersion: version, CipherSuite: tls.CipherSuiteName(s.CipherSuite), ClientProvidedHostHeader: host}
}
