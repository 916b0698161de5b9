package api

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/identity"
)

// The security token service answers on the same endpoint, because clients ask it first who they
// are. Its protocol is another: a form in, XML out.
const (
	stsVersion = "2011-06-15"
	// maxForm bounds a request to it, in bytes: a session policy of 2,048 characters, escaped.
	maxForm = 64 << 10
)

// The error codes that only the token service has.
const (
	codeInvalidAction    = "InvalidAction"
	codeMissingParameter = "MissingParameter"
)

// isSTS says whether a request is one to the token service: the hub's API has nothing at the root.
func isSTS(r *http.Request) bool { return r.URL.Path == "/" || r.URL.Path == "" }

// serveSTS answers a request to the token service.
func (h *handler) serveSTS(c *call, w http.ResponseWriter, r *http.Request) {
	result, err := h.attemptSTS(c, w, r)
	h.record(c, r, err)
	code := codeOK
	if err != nil {
		code = h.writeSTSError(c, w, err)
	} else if body, xerr := xml.Marshal(result); xerr != nil {
		code = h.writeSTSError(c, w, findinghub.Internal(xerr))
	} else if werr := writeXML(w, http.StatusOK, body); werr != nil {
		h.log.Debug("response not delivered", "request", c.id, "error", werr)
	}
	h.finish(r.Context(), c, code, nil, err)
}

// attemptSTS executes a request to the token service. The action is known before the caller is, so
// that a stranger's attempt is on record by its name; that its body is read for it costs little.
func (h *handler) attemptSTS(c *call, w http.ResponseWriter, r *http.Request) (result any, err error) {
	defer recovered(&result, &err)
	in, err := receive(w, r, auth.ServiceSTS, maxForm)
	if err != nil {
		return nil, err
	}
	defer in.release()
	form, err := in.form()
	if err != nil {
		return nil, err
	}
	action, ok := stsActions[form.Get("Action")]
	if !ok || form.Get("Version") != stsVersion {
		return nil, findinghub.Errorf(codeInvalidAction, "Could not find operation %s for version %s", excerpt(form.Get("Action")), excerpt(form.Get("Version")))
	}
	c.operation = form.Get("Action")
	if c.principal, err = h.identify(c, in); err != nil {
		return nil, err
	}
	c.principal.Trail = &auth.Trail{}
	if err := h.quotas.Check(c.principal.Account, c.principal.Region, c.operation); err != nil {
		return nil, err
	}
	if err := h.begin(c); err != nil {
		return nil, err
	}
	return action(h, c, form)
}

// form reads the members of a request, from the body or, when it has none, from the query.
func (in *incoming) form() (url.Values, error) {
	if in.r.Method == http.MethodGet {
		return in.query, nil
	}
	b, err := in.bytes()
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(b))
	if err != nil {
		return nil, findinghub.Errorf(auth.CodeInvalidParameter, "The form cannot be read: %v", err)
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, findinghub.Errorf(auth.CodeInvalidParameter, "%s is given more than once", excerpt(name))
		}
	}
	return form, nil
}

// stsActions are what the token service of a hub can do. Anything else has its place in the cloud.
var stsActions = map[string]func(*handler, *call, url.Values) (any, error){
	"GetCallerIdentity": (*handler).getCallerIdentity,
	"AssumeRole":        (*handler).assumeRole,
}

// stsMetadata ends every answer.
type stsMetadata struct {
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

type getCallerIdentityResponse struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
	Arn     string   `xml:"GetCallerIdentityResult>Arn"`
	UserID  string   `xml:"GetCallerIdentityResult>UserId"`
	Account string   `xml:"GetCallerIdentityResult>Account"`
	stsMetadata
}

// getCallerIdentity tells callers who they are. Nobody needs a permission for it.
func (h *handler) getCallerIdentity(c *call, _ url.Values) (any, error) {
	p := c.principal
	return getCallerIdentityResponse{Arn: p.ARN, UserID: p.UserID, Account: p.Account, stsMetadata: stsMetadata{c.id}}, nil
}

type assumeRoleResponse struct {
	XMLName          xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
	AssumedRoleID    string   `xml:"AssumeRoleResult>AssumedRoleUser>AssumedRoleId"`
	Arn              string   `xml:"AssumeRoleResult>AssumedRoleUser>Arn"`
	AccessKeyID      string   `xml:"AssumeRoleResult>Credentials>AccessKeyId"`
	SecretAccessKey  string   `xml:"AssumeRoleResult>Credentials>SecretAccessKey"`
	SessionToken     string   `xml:"AssumeRoleResult>Credentials>SessionToken"`
	Expiration       string   `xml:"AssumeRoleResult>Credentials>Expiration"`
	PackedPolicySize int      `xml:"AssumeRoleResult>PackedPolicySize"`
	stsMetadata
}

// assumeRole gives out credentials of a role's session.
func (h *handler) assumeRole(c *call, form url.Values) (any, error) {
	in, err := readAssumeRole(form)
	if err != nil {
		return nil, err
	}
	c.parameters = map[string]any{"roleArn": in.RoleARN, "roleSessionName": in.RoleSessionName}
	c.principal.Trail.Note(in.RoleARN)
	s, err := h.session(c, in)
	if err != nil {
		return nil, err
	}
	return assumeRoleResponse{
		AssumedRoleID: s.AssumedRoleID, Arn: s.AssumedRoleARN, AccessKeyID: s.AccessKeyID, SecretAccessKey: string(s.SecretAccessKey),
		SessionToken: s.SessionToken, Expiration: s.Expiration.UTC().Format(time.RFC3339), PackedPolicySize: s.PackedPolicySize,
		stsMetadata: stsMetadata{c.id},
	}, nil
}

// session assumes a role; in --dev every role of every account is there for everybody, and the
// credentials say the account as keys do there.
func (h *handler) session(c *call, in identity.AssumeRoleInput) (identity.SessionCredentials, error) {
	if h.identity != nil {
		return h.identity.AssumeRole(c.principal, in)
	}
	parts := strings.SplitN(in.RoleARN, ":", 6)
	if len(parts) != 6 || parts[2] != "iam" || !auth.ValidAccount(parts[4]) || !strings.HasPrefix(parts[5], "role/") {
		return identity.SessionCredentials{}, findinghub.Errorf(auth.CodeInvalidParameter, "RoleArn %s is not of the form arn:aws:iam::ACCOUNT:role/NAME", excerpt(in.RoleARN))
	}
	name := parts[5][strings.LastIndexByte(parts[5], '/')+1:]
	return identity.SessionCredentials{
		AccessKeyID: parts[4], SecretAccessKey: "dev", SessionToken: "dev", Expiration: h.now().Add(time.Hour),
		AssumedRoleARN: "arn:" + parts[1] + ":sts::" + parts[4] + ":assumed-role/" + name + "/" + in.RoleSessionName,
		AssumedRoleID:  "DEV" + parts[4] + ":" + in.RoleSessionName,
	}, nil
}

// readAssumeRole reads the request's form.
func readAssumeRole(form url.Values) (identity.AssumeRoleInput, error) {
	in := identity.AssumeRoleInput{
		RoleARN: form.Get("RoleArn"), RoleSessionName: form.Get("RoleSessionName"), Policy: form.Get("Policy"), ExternalID: form.Get("ExternalId"),
	}
	for i := 1; form.Has(policyARN(i)); i++ {
		in.PolicyARNs = append(in.PolicyARNs, form.Get(policyARN(i)))
	}
	if text := form.Get("DurationSeconds"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return in, findinghub.Errorf(auth.CodeInvalidParameter, "DurationSeconds %s is not a number", excerpt(text))
		}
		in.DurationSeconds = n
	}
	for _, name := range []string{"RoleArn", "RoleSessionName"} {
		if form.Get(name) == "" {
			return in, findinghub.Errorf(codeMissingParameter, "The request must contain the parameter %s", name)
		}
	}
	for name := range form {
		if !assumeRoleKnows(name) {
			in.Others = append(in.Others, excerpt(name))
		}
	}
	slices.Sort(in.Others)
	return in, nil
}

func policyARN(i int) string { return "PolicyArns.member." + strconv.Itoa(i) + ".arn" }

func assumeRoleKnows(name string) bool {
	switch name {
	case "Action", "Version", "RoleArn", "RoleSessionName", "Policy", "ExternalId", "DurationSeconds":
		return true
	}
	return signing(name) || strings.HasPrefix(name, "PolicyArns.member.") && strings.HasSuffix(name, ".arn")
}

// stsCodes are the codes that the token service answers with where the hub's API says the
// same in other words, and their statuses.
var stsCodes = map[string]struct {
	code   string
	status int
}{
	auth.CodeMissingToken:          {"MissingAuthenticationToken", http.StatusForbidden},
	auth.CodeIncompleteSignature:   {"IncompleteSignature", http.StatusBadRequest},
	auth.CodeUnrecognizedClient:    {"InvalidClientTokenId", http.StatusForbidden},
	auth.CodeInvalidSignature:      {"SignatureDoesNotMatch", http.StatusForbidden},
	auth.CodeExpiredToken:          {"ExpiredToken", http.StatusForbidden},
	auth.CodeInvalidSessionPolicy:  {auth.CodeInvalidSessionPolicy, http.StatusBadRequest},
	auth.CodeInvalidParameter:      {auth.CodeInvalidParameter, http.StatusBadRequest},
	findinghub.CodeAccessDenied:    {"AccessDenied", http.StatusForbidden},
	findinghub.CodeInvalidInput:    {auth.CodeInvalidParameter, http.StatusBadRequest},
	findinghub.CodeTooManyRequests: {"Throttling", http.StatusBadRequest},
	findinghub.CodeUnavailable:     {findinghub.CodeUnavailable, http.StatusServiceUnavailable},
	codeInvalidAction:              {codeInvalidAction, http.StatusBadRequest},
	codeMissingParameter:           {codeMissingParameter, http.StatusBadRequest},
	codeUnsupportedMedia:           {auth.CodeInvalidParameter, http.StatusUnsupportedMediaType},
}

type stsErrorResponse struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

// writeSTSError writes an error as the token service does and gives its code.
func (h *handler) writeSTSError(c *call, w http.ResponseWriter, err error) string {
	e := findinghub.AsError(err)
	as, ok := stsCodes[e.Code]
	if !ok {
		as.code, as.status = "InternalFailure", http.StatusInternalServerError
	}
	blame := "Sender"
	if as.status >= http.StatusInternalServerError {
		blame = "Receiver"
	}
	body, err := xml.Marshal(stsErrorResponse{Type: blame, Code: as.code, Message: e.Message, RequestID: c.id})
	if err != nil {
		body = nil // texts always encode; an answer there must be anyway
	}
	if werr := writeXML(w, as.status, body); werr != nil {
		h.log.Debug("error response not delivered", "error", werr)
	}
	return as.code
}

// writeXML writes a whole answer of the token service.
func writeXML(w http.ResponseWriter, status int, body []byte) error {
	return writeBody(w, status, "text/xml", body)
}
