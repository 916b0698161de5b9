package audit

import (
	"encoding/json"
	"math"
	"strings"
	"unicode/utf8"
)

// MaxLine bounds a line with its end, in bytes. Room for this many is set aside for each
// call under way.
const MaxLine = 64 << 10

// How many bytes of a text are recorded. Callers choose most texts, and the longest header
// that the door lets pass is as long as a line.
const (
	maxText    = 256
	maxMessage = 1024 // an error's
	maxARN     = 1024 // 20 more than IAM's longest: a path of 512, a name of 64 and what is before
	// tightText is what is left of every text when a record of texts that JSON writes six bytes for each byte does not fit.
	tightText = 64
)

// maxDepth is how deep parameters may be nested; what is deeper is hidden.
const maxDepth = 8

// withheld stands for a value that must not be recorded; CloudTrail writes the same.
const withheld = "HIDDEN_DUE_TO_SECURITY_REASONS"

// omitted stands in the place of parameters that are too long or that JSON cannot hold.
func omitted(reason string) map[string]any { return map[string]any{"omitted": true, "reason": reason} }

// encode makes a record's line, at most MaxLine bytes with the newline at its end. It always
// does: what is too long gives way in the order parameters, resources, texts, and says so.
func encode(r Record) []byte {
	r.bound(maxText, maxMessage, maxARN)
	r.RequestParameters = hideMap(r.RequestParameters, 0)
	l := write(&r)
	if len(l) > MaxLine && r.RequestParameters != nil {
		r.RequestParameters = omitted("requestParameters too large")
		l = write(&r)
	}
	for len(l) > MaxLine && len(r.Resources) > 0 {
		keep := len(r.Resources) / 2
		r.AdditionalEventData.ResourcesOmitted += len(r.Resources) - keep
		r.Resources = r.Resources[:keep]
		l = write(&r)
	}
	if len(l) > MaxLine {
		r.bound(tightText, tightText, tightText)
		r.AdditionalEventData.TornLine = ""
		l = write(&r)
	}
	return l
}

// usual is more than most lines have, in bytes.
const usual = 1536

func write(r *Record) []byte {
	l := make(line, 0, usual)
	l.record(r)
	return l
}

// bound cuts every text to size. What r points to is copied, since the caller keeps it.
func (r *Record) bound(text, message, arn int) {
	for _, s := range []*string{
		&r.EventVersion, &r.EventTime, &r.EventSource, &r.EventName, &r.AWSRegion, &r.SourceIPAddress, &r.UserAgent,
		&r.ErrorCode, &r.RequestID, &r.EventID, &r.EventType, &r.APIVersion, &r.RecipientAccountID, &r.EventCategory, &r.AdditionalEventData.LostSince,
	} {
		*s = cut(*s, text)
	}
	r.ErrorMessage = cut(r.ErrorMessage, message)
	r.AdditionalEventData.TornLine = cut(r.AdditionalEventData.TornLine, maxTorn)
	r.UserIdentity.bound(text, arn)
	if r.TLSDetails != nil {
		t := *r.TLSDetails
		r.TLSDetails = &TLSDetails{cut(t.TLSVersion, text), cut(t.CipherSuite, text), cut(t.ClientProvidedHostHeader, text)}
	}
	all := r.Resources
	r.Resources = nil
	for _, one := range all {
		r.Resources = append(r.Resources, Resource{cut(one.AccountID, text), cut(one.Type, text), cut(one.ARN, arn)})
	}
}

func (u *UserIdentity) bound(text, arn int) {
	for _, s := range []*string{&u.Type, &u.PrincipalID, &u.AccountID, &u.AccessKeyID, &u.UserName, &u.InvokedBy} {
		*s = cut(*s, text)
	}
	u.ARN = cut(u.ARN, arn)
	if u.SessionContext == nil {
		return
	}
	c := *u.SessionContext
	i := c.SessionIssuer
	c.SessionIssuer = SessionIssuer{cut(i.Type, text), cut(i.PrincipalID, text), cut(i.ARN, arn), cut(i.AccountID, text), cut(i.UserName, text)}
	if c.Attributes != nil {
		c.Attributes = &Attributes{cut(c.Attributes.CreationDate, text), cut(c.Attributes.MFAAuthenticated, text)}
	}
	u.SessionContext = &c
}

// cut gives the beginning of a text as valid UTF-8, at most limit bytes long.
func cut(text string, limit int) string {
	if len(text) <= limit && utf8.ValidString(text) {
		return text
	}
	// A broken byte becomes three, so the end is found only afterwards.
	text = strings.ToValidUTF8(text[:min(len(text), limit+utf8.UTFMax)], "\uFFFD")
	end := min(len(text), limit)
	for end > 0 && end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// hidden says whether a parameter's value must not be recorded: the members of the API
// that carry secrets or findings, and the names that request headers and queries have for them.
func hidden(name string, value any) bool {
	switch strings.ToLower(name) {
	case "secretaccesskey", "secretkey", "secret", "sessiontoken", "securitytoken", "x-amz-security-token", "x-amz-signature",
		"signature", "authorization", "credentials", "password", "token", "externalid", "nexttoken", "note":
		return true
	case "findings":
		switch value.(type) {
		case int, int64: // how many is what may be told of them
			return false
		}
		return true
	}
	return false
}

// hideMap gives parameters without what must not be recorded. It copies, since the caller
// keeps the original.
func hideMap(m map[string]any, depth int) map[string]any {
	if m == nil {
		return nil
	}
	safe := make(map[string]any, len(m))
	for name, value := range m {
		shown := cut(name, maxText)
		if hidden(name, value) {
			safe[shown] = withheld
		} else {
			safe[shown] = hide(value, depth+1)
		}
	}
	return safe
}

func hide(value any, depth int) any {
	if depth > maxDepth {
		return withheld
	}
	switch v := value.(type) {
	case map[string]any:
		return hideMap(v, depth)
	case []any:
		safe := make([]any, len(v))
		for i, one := range v {
			safe[i] = hide(one, depth+1)
		}
		return safe
	case string:
		return cut(v, maxARN)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return omitted("cannot be written as JSON")
		}
		return v
	case nil, bool, int, int64:
		return v
	}
	return hide(plain(value), depth+1)
}

// plain gives a value of any other type as JSON has it, so that nothing hides in a struct.
func plain(value any) any {
	text, err := json.Marshal(value)
	var v any
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		return omitted("cannot be written as JSON")
	}
	return v
}
