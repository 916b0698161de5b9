package audit

import (
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// line is a line of JSON that is being written. Records are written by hand because every
// call pays for it: a third less than encoding/json takes. The tags of Record are for
// reading; the tests read back what is written here.
type line []byte

func (l *line) begin(name string) {
	l.name(name)
	*l = append(*l, '{')
}

func (l *line) end() { *l = append(*l, '}') }

// name writes a member's name, with a comma unless it is the first.
func (l *line) name(name string) {
	if last := (*l)[len(*l)-1]; last != '{' {
		*l = append(*l, ',')
	}
	*l = append(*l, '"')
	*l = append(*l, name...)
	*l = append(*l, '"', ':')
}

func (l *line) text(name, value string) {
	l.name(name)
	*l, _ = jsontext.AppendQuote([]byte(*l), value) // broken UTF-8 is its only error, and was cut out
}

// option writes a text that is left out when it is empty; number does so with 0.
func (l *line) option(name, value string) {
	if value != "" {
		l.text(name, value)
	}
}

func (l *line) number(name string, value int64) {
	if value != 0 {
		l.name(name)
		*l = strconv.AppendInt(*l, value, 10)
	}
}

func (l *line) truth(name string, value bool) {
	l.name(name)
	*l = strconv.AppendBool(*l, value)
}

// record writes a record whose parameters have come from hideMap.
func (l *line) record(r *Record) {
	*l = append(*l, '{')
	l.text("eventVersion", r.EventVersion)
	l.identity(&r.UserIdentity)
	l.text("eventTime", r.EventTime)
	l.text("eventSource", r.EventSource)
	l.text("eventName", r.EventName)
	l.text("awsRegion", r.AWSRegion)
	l.text("sourceIPAddress", r.SourceIPAddress)
	l.text("userAgent", r.UserAgent)
	l.option("errorCode", r.ErrorCode)
	l.option("errorMessage", r.ErrorMessage)
	l.name("requestParameters")
	if r.RequestParameters == nil {
		*l = append(*l, "null"...)
	} else {
		l.value(r.RequestParameters)
	}
	l.name("responseElements")
	*l = append(*l, "null"...)
	l.additional(&r.AdditionalEventData)
	l.option("requestID", r.RequestID)
	l.text("eventID", r.EventID)
	l.truth("readOnly", r.ReadOnly)
	l.resources(r.Resources)
	l.text("eventType", r.EventType)
	l.option("apiVersion", r.APIVersion)
	l.truth("managementEvent", r.ManagementEvent)
	l.option("recipientAccountId", r.RecipientAccountID)
	l.text("eventCategory", r.EventCategory)
	l.tls(r.TLSDetails)
	*l = append(*l, '}', '\n')
}

// value writes a parameter: one of the types that hide leaves.
func (l *line) value(value any) {
	switch v := value.(type) {
	case map[string]any:
		*l = append(*l, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			*l = append(*l, ","[:min(i, 1)]...)
			*l, _ = jsontext.AppendQuote([]byte(*l), name)
			*l = append(*l, ':')
			l.value(v[name])
		}
		*l = append(*l, '}')
	case []any:
		*l = append(*l, '[')
		for i, one := range v {
			*l = append(*l, ","[:min(i, 1)]...)
			l.value(one)
		}
		*l = append(*l, ']')
	case string:
		*l, _ = jsontext.AppendQuote([]byte(*l), v)
	case bool:
		*l = strconv.AppendBool(*l, v)
	case int:
		*l = strconv.AppendInt(*l, int64(v), 10)
	case int64:
		*l = strconv.AppendInt(*l, v, 10)
	case float64:
		*l = strconv.AppendFloat(*l, v, 'g', -1, 64)
	default:
		*l = append(*l, "null"...)
	}
}

func (l *line) identity(u *UserIdentity) {
	l.begin("userIdentity")
	l.text("type", u.Type)
	l.option("principalId", u.PrincipalID)
	l.option("arn", u.ARN)
	l.option("accountId", u.AccountID)
	l.option("accessKeyId", u.AccessKeyID)
	l.option("userName", u.UserName)
	if c := u.SessionContext; c != nil {
		l.begin("sessionContext")
		l.begin("sessionIssuer")
		l.text("type", c.SessionIssuer.Type)
		l.option("principalId", c.SessionIssuer.PrincipalID)
		l.text("arn", c.SessionIssuer.ARN)
		l.text("accountId", c.SessionIssuer.AccountID)
		l.text("userName", c.SessionIssuer.UserName)
		l.end()
		if a := c.Attributes; a != nil {
			l.begin("attributes")
			l.option("creationDate", a.CreationDate)
			l.text("mfaAuthenticated", a.MFAAuthenticated)
			l.end()
		}
		l.end()
	}
	l.option("invokedBy", u.InvokedBy)
	l.end()
}

func (l *line) additional(a *Additional) {
	l.begin("additionalEventData")
	l.number("httpStatus", int64(a.HTTPStatus))
	// JSON has no name for what is not a number.
	if a.DurationMS != 0 && !math.IsNaN(a.DurationMS) && !math.IsInf(a.DurationMS, 0) {
		l.name("durationMs")
		*l = strconv.AppendFloat(*l, a.DurationMS, 'f', -1, 64)
	}
	l.number("resourcesOmitted", int64(a.ResourcesOmitted))
	if a.LostRecords != 0 {
		l.name("lostRecords")
		*l = strconv.AppendUint(*l, a.LostRecords, 10)
	}
	l.option("lostSince", a.LostSince)
	l.option("tornLine", a.TornLine)
	l.end()
}

func (l *line) resources(all []Resource) {
	if len(all) == 0 {
		return
	}
	l.name("resources")
	for i, r := range all {
		*l = append(*l, "[,"[min(i, 1)], '{')
		l.option("accountId", r.AccountID)
		l.option("type", r.Type)
		l.text("ARN", r.ARN)
		l.end()
	}
	*l = append(*l, ']')
}

func (l *line) tls(t *TLSDetails) {
	if t == nil {
		return
	}
	l.begin("tlsDetails")
	l.text("tlsVersion", t.TLSVersion)
	l.text("cipherSuite", t.CipherSuite)
	l.option("clientProvidedHostHeader", t.ClientProvidedHostHeader)
	l.end()
}
