// Package audit keeps the record of calls: one line of JSON for each call of the API, in the
// members that CloudTrail uses, so that what reads CloudTrail's events reads these. It is
// told what to record in plain values and knows neither operations nor HTTP; what it is not
// given, secrets and findings, it cannot tell.
package audit

// The members of every record that are always the same. The version is that of CloudTrail's
// record contents whose members these are.
const (
	eventVersion  = "1.11"
	typeAPICall   = "AwsApiCall"
	typeEvent     = "AwsServiceEvent"
	categoryOther = "Management"
	sourceHub     = "securityhub.amazonaws.com"
	sourceSTS     = "sts.amazonaws.com"
	versionHub    = "2018-10-26"
	versionSTS    = "2011-06-15"
	timeFormat    = "2006-01-02T15:04:05Z"
)

// The names of the events that no caller makes.
const (
	EventGap  = "AuditGap"  // lines were lost; additionalEventData says how many and since when
	EventTorn = "AuditTorn" // a line was cut off by a crash; additionalEventData has what is left of it
)

// Record is one call, in the order of CloudTrail's documentation of record contents. Its
// text is bounded when it is written, not before.
type Record struct {
	EventVersion        string         `json:"eventVersion"`
	UserIdentity        UserIdentity   `json:"userIdentity"`
	EventTime           string         `json:"eventTime"` // UTC, whole seconds
	EventSource         string         `json:"eventSource"`
	EventName           string         `json:"eventName"`
	AWSRegion           string         `json:"awsRegion"`
	SourceIPAddress     string         `json:"sourceIPAddress"`
	UserAgent           string         `json:"userAgent"`
	ErrorCode           string         `json:"errorCode,omitempty"`
	ErrorMessage        string         `json:"errorMessage,omitempty"`
	RequestParameters   map[string]any `json:"requestParameters"`
	ResponseElements    *struct{}      `json:"responseElements"` // always null: answers hold findings and secrets
	AdditionalEventData Additional     `json:"additionalEventData"`
	RequestID           string         `json:"requestID,omitempty"`
	EventID             string         `json:"eventID"`
	ReadOnly            bool           `json:"readOnly"`
	Resources           []Resource     `json:"resources,omitempty"`
	EventType           string         `json:"eventType"`
	APIVersion          string         `json:"apiVersion,omitempty"`
	ManagementEvent     bool           `json:"managementEvent"`
	RecipientAccountID  string         `json:"recipientAccountId,omitempty"`
	EventCategory       string         `json:"eventCategory"`
	TLSDetails          *TLSDetails    `json:"tlsDetails,omitempty"`
}

// UserIdentity is who called.
type UserIdentity struct {
	Type           string          `json:"type"` // IAMUser, AssumedRole, Root, AWSAccount, AWSService or Unknown
	PrincipalID    string          `json:"principalId,omitempty"`
	ARN            string          `json:"arn,omitempty"`
	AccountID      string          `json:"accountId,omitempty"`
	AccessKeyID    string          `json:"accessKeyId,omitempty"`
	UserName       string          `json:"userName,omitempty"`
	SessionContext *SessionContext `json:"sessionContext,omitempty"`
	InvokedBy      string          `json:"invokedBy,omitempty"`
}

// SessionContext says where temporary credentials come from.
type SessionContext struct {
	SessionIssuer SessionIssuer `json:"sessionIssuer"`
	Attributes    *Attributes   `json:"attributes,omitempty"`
}

// SessionIssuer is the role that was assumed.
type SessionIssuer struct {
	Type        string `json:"type"` // Role
	PrincipalID string `json:"principalId,omitempty"`
	ARN         string `json:"arn"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName"`
}

// Attributes are a session's.
type Attributes struct {
	CreationDate     string `json:"creationDate,omitempty"`
	MFAAuthenticated string `json:"mfaAuthenticated"` // "true" or "false", a text in CloudTrail
}

// Resource is something that the caller wanted to do something to.
type Resource struct {
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type,omitempty"` // AWS::SecurityHub::Hub and the like, where there is such a type
	ARN       string `json:"ARN"`
}

// TLSDetails are those of the connection.
type TLSDetails struct {
	TLSVersion               string `json:"tlsVersion"`
	CipherSuite              string `json:"cipherSuite"`
	ClientProvidedHostHeader string `json:"clientProvidedHostHeader,omitempty"`
}

// Additional is what CloudTrail leaves to each service; its members are ours.
type Additional struct {
	HTTPStatus       int     `json:"httpStatus,omitempty"`
	DurationMS       float64 `json:"durationMs,omitempty"`
	ResourcesOmitted int     `json:"resourcesOmitted,omitempty"` // how many did not fit into the line
	LostRecords      uint64  `json:"lostRecords,omitempty"`      // EventGap: how many lines
	LostSince        string  `json:"lostSince,omitempty"`        // EventGap: when the first of them was
	TornLine         string  `json:"tornLine,omitempty"`         // EventTorn: the beginning of the line
}
