package sigv4

import (
	"strings"
	"testing"
	"time"
)

var digits64 = strings.Repeat("0123456789abcdef", 4)

// header makes a request whose signature is in the header; edits replace parts of it.
func headerRequest(edits ...string) *Request {
	r := vanilla()
	line := "AWS4-HMAC-SHA256 Credential=" + testKey + "/20260102/eu-west-1/securityhub/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + digits64
	r.Header["Authorization"] = []string{strings.NewReplacer(edits...).Replace(line)}
	return r
}

// queryRequest is the same for a signature in the query.
func queryRequest(edits ...string) *Request {
	r := vanilla()
	delete(r.Header, "X-Amz-Date")
	line := "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + testKey + "%2F20260102%2Feu-west-1%2Fsecurityhub%2Faws4_request&X-Amz-Date=20260102T150405Z" +
		"&X-Amz-Expires=900&X-Amz-Security-Token=token&X-Amz-SignedHeaders=host&X-Amz-Signature=" + digits64
	r.Query = strings.NewReplacer(edits...).Replace(line)
	return r
}

// with adds a header.
func (r *Request) with(name string, values ...string) *Request {
	r.Header[name] = values
	return r
}

// without takes a header away.
func (r *Request) without(name string) *Request {
	delete(r.Header, name)
	return r
}

func TestParseHeader(t *testing.T) {
	t.Parallel()
	token := func(s string) *Request {
		return headerRequest("host;", "host;x-amz-content-sha256;", "-date", "-date;x-amz-security-token").with("X-Amz-Security-Token", "token").with("X-Amz-Content-Sha256", s)
	}
	date := func(s string) *Request {
		return headerRequest("host;x-amz-date", "date;host").without("X-Amz-Date").with("Date", s)
	}
	tests := map[string]struct {
		r        *Request
		unsigned bool
		token    string
	}{
		"as most clients write it":  {r: headerRequest()},
		"without spaces":            {r: headerRequest(", ", ",")},
		"a body that is not signed": {r: token("UNSIGNED-PAYLOAD"), unsigned: true, token: "token"},
		"a body that is signed":     {r: token(digits64), token: "token"},
		"HTTP's date":               {r: date("Fri, 02 Jan 2026 15:04:05 GMT")},
		"HTTP's date in words":      {r: date("Fri, 02 Jan 2026 15:04:05 UTC")},
		"the date of mails":         {r: date("Fri, 02 Jan 2026 16:04:05 +0100")},
		"the short form in Date":    {r: date("20260102T150405Z")},
		"X-Amz-Date before Date":    {r: headerRequest().with("Date", "Mon, 02 Mar 2020 00:00:00 GMT")},
		"a client's name":           {r: headerRequest().with("X-Amz-User-Agent", "php")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(tt.r)
			if err != nil {
				t.Fatal(err)
			}
			if s.AccessKeyID != testKey || s.Region != "eu-west-1" || s.Service != "securityhub" || !s.Time.Equal(signedAt) || s.Presigned || s.Expires != 0 ||
				s.Unsigned != tt.unsigned || s.SessionToken != tt.token {
				t.Errorf("read %+v", s)
			}
		})
	}
}

func TestParseQuery(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		r        *Request
		unsigned bool
		expires  time.Duration
	}{
		"as most clients write it":     {r: queryRequest(), expires: 15 * time.Minute},
		"the shortest validity":        {r: queryRequest("Expires=900", "Expires=1"), expires: time.Second},
		"the longest validity":         {r: queryRequest("Expires=900", "Expires=604800"), expires: 7 * 24 * time.Hour},
		"a hash moved to the query":    {r: queryRequest("&X-Amz-Date", "&x-amz-content-sha256="+digits64+"&X-Amz-Date"), expires: 15 * time.Minute},
		"an unsigned body":             {r: queryRequest("&X-Amz-Date", "&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Date"), unsigned: true, expires: 15 * time.Minute},
		"an unsigned body in a header": {r: queryRequest("Headers=host", "Headers=host%3Bx-amz-content-sha256").with("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), unsigned: true, expires: 15 * time.Minute},
		"names that are escaped":       {r: queryRequest("X-Amz-Signature", "%58-Amz-Signature"), expires: 15 * time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(tt.r)
			if err != nil {
				t.Fatal(err)
			}
			if s.AccessKeyID != testKey || s.Region != "eu-west-1" || s.Service != "securityhub" || !s.Time.Equal(signedAt) || !s.Presigned ||
				s.Expires != tt.expires || s.Unsigned != tt.unsigned || s.SessionToken != "token" {
				t.Errorf("read %+v", s)
			}
		})
	}
}

// refusal is a request that Parse does not take, and what its message must say.
type refusal struct {
	name string
	r    *Request
	says string
}

func verdicts(t *testing.T, code string, tests []refusal) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(tt.r)
			if err == nil || s != nil {
				t.Fatalf("read %+v, %v", s, err)
			}
			gotCode, message := codeOf(t, err)
			if gotCode != code || !strings.Contains(message, tt.says) {
				t.Errorf("got %s: %s; want %s that says %q", gotCode, message, code, tt.says)
			}
			if strings.Contains(message, digits64[:20]) || len(message) > 300 {
				t.Errorf("the message repeats too much: %s", message)
			}
		})
	}
}

func TestParseRefusesHeader(t *testing.T) {
	t.Parallel()
	signed := func(names string) *Request { return headerRequest("host;x-amz-date", names) }
	twice := headerRequest()
	twice.Header["Authorization"] = append(twice.Header["Authorization"], twice.Header["Authorization"][0])
	verdicts(t, "IncompleteSignatureException", []refusal{
		{"header and query", headerRequest().with("Authorization", "x").withQuery("X-Amz-Signature=" + digits64), "must say once"},
		{"header and a token in the query", headerRequest().withQuery("x-amz-security-token=x"), "must say once"},
		{"two Authorization headers", twice, "Authorization is there 2 times"},
		{"two dates", headerRequest().with("X-Amz-Date", stamp(signedAt), stamp(signedAt)), "X-Amz-Date is there 2 times"},
		{"two tokens", headerRequest().with("X-Amz-Security-Token", "a", "b"), "X-Amz-Security-Token is there 2 times"},
		{"two hashes", headerRequest().with("X-Amz-Content-Sha256", digits64, digits64), "X-Amz-Content-Sha256 is there 2 times"},
		{"an empty header", headerRequest().with("Authorization", ""), "does not start with"},
		{"another scheme", headerRequest().with("Authorization", "Bearer "+digits64), "AWS4-HMAC-SHA256"},
		{"a longer scheme", headerRequest("SHA256", "SHA256-PAYLOAD"), "AWS4-HMAC-SHA256"},
		{"a version with several regions", headerRequest("HMAC-SHA256", "ECDSA-P256-SHA256"), "AWS4-HMAC-SHA256"},
		{"no name", headerRequest("Signature=", ""), "NAME=VALUE"},
		{"a comma at the end", headerRequest(digits64, digits64+","), "NAME=VALUE"},
		{"an unknown part", headerRequest("Signature=", "Extra=1, Signature="), "other than"},
		{"a misspelt part", headerRequest("Signature=", "signature="), "other than"},
		{"no Credential", headerRequest("Credential="+testKey+"/20260102/eu-west-1/securityhub/aws4_request, ", ""), "no Credential"},
		{"no SignedHeaders", headerRequest("SignedHeaders=host;x-amz-date, ", ""), "no SignedHeaders"},
		{"no Signature", headerRequest(", Signature="+digits64, ""), "no Signature"},
		{"an empty Credential", headerRequest(testKey+"/20260102/eu-west-1/securityhub/aws4_request", ""), "empty Credential"},
		{"empty SignedHeaders", signed(""), "empty SignedHeaders"},
		{"an empty Signature", headerRequest(digits64, ""), "empty Signature"},
		{"two Credentials", headerRequest("Credential=", "Credential=x, Credential="), "more than one Credential"},
		{"two SignedHeaders", headerRequest("SignedHeaders=", "SignedHeaders=host, SignedHeaders="), "more than one SignedHeaders"},
		{"two Signatures", headerRequest("Signature=", "Signature="+digits64+", Signature="), "more than one Signature"},
		{"a scope without service", headerRequest("/securityhub", ""), "KEY/DATE/REGION/SERVICE/aws4_request"},
		{"a scope with more", headerRequest("/securityhub", "/x/securityhub"), "KEY/DATE/REGION/SERVICE/aws4_request"},
		{"another terminator", headerRequest("aws4_request", "aws5_request"), "KEY/DATE/REGION/SERVICE/aws4_request"},
		{"no key", headerRequest(testKey, ""), "access key id"},
		{"a key with a space", headerRequest(testKey, "a b"), "access key id"},
		{"a key with a control character", headerRequest(testKey, "a\x1bb"), "access key id"},
		{"a key of 129 characters", headerRequest(testKey, strings.Repeat("k", 129)), "access key id"},
		{"another day", headerRequest("/20260102/", "/20260103/"), `"20260103" is not 20260102`},
		{"no day", headerRequest("/20260102/", "//"), `"" is not 20260102`},
		{"a time for a day", headerRequest("/20260102/", "/20260102T150405Z/"), "is not 20260102"},
		{"a region in upper case", headerRequest("eu-west-1", "EU-WEST-1"), `"EU-WEST-1"`},
		{"no region", headerRequest("eu-west-1", ""), "region"},
		{"a long region", headerRequest("eu-west-1", strings.Repeat("R", 500)), strings.Repeat("R", 60) + "..."},
		{"no service", headerRequest("securityhub", ""), "service"},
		{"an odd service", headerRequest("securityhub", "security hub"), `"security hub"`},
		{"upper-case digits", headerRequest(digits64, strings.ToUpper(digits64)), "64 lower-case"},
		{"63 digits", headerRequest(digits64, digits64[1:]), "64 lower-case"},
		{"65 digits", headerRequest(digits64, digits64+"0"), "64 lower-case"},
		{"another letter", headerRequest(digits64, digits64[1:]+"g"), "64 lower-case"},
		{"no host", signed("x-amz-date"), "no host"},
		{"no date", signed("host"), "no x-amz-date"},
		{"Date for X-Amz-Date", signed("date;host").with("Date", "Fri, 02 Jan 2026 15:04:05 GMT"), "no x-amz-date"},
		{"Date that is not signed", signed("host").without("X-Amz-Date").with("Date", "Fri, 02 Jan 2026 15:04:05 GMT"), "no date"},
		{"names in another order", signed("x-amz-date;host"), "not sorted"},
		{"a name twice", signed("host;host;x-amz-date"), `"host" twice`},
		{"a name in upper case", signed("Host;x-amz-date"), `"Host"`},
		{"an empty name", signed("host;;x-amz-date"), `""`},
		{"a name with a space", signed("host; x-amz-date"), `" x-amz-date"`},
		{"a pseudo header", signed(":authority;host;x-amz-date"), `":authority"`},
		{"a header that is not there", signed("host;x-amz-date;x-gone"), `"x-gone", which the request does not have`},
		{"a header without values", signed("host;x-amz-date;x-gone").with("X-Gone"), `"x-gone", which the request does not have`},
		{"a host that is not there", headerRequest().withHost(""), `"host", which the request does not have`},
		{"a token that is not signed", headerRequest().with("X-Amz-Security-Token", "t"), `"x-amz-security-token" that is not in SignedHeaders`},
		{"a hash that is not signed", headerRequest().with("X-Amz-Content-Sha256", digits64), `"x-amz-content-sha256" that is not in SignedHeaders`},
		{"an unsigned header of the service", headerRequest().with("X-Amz-Target", "x"), `"x-amz-target" that is not in SignedHeaders`},
		{"one in a strange spelling", headerRequest().with("x-aMz-target", "x"), `"x-amz-target" that is not in SignedHeaders`},
		{"no time at all", headerRequest().without("X-Amz-Date"), "neither an X-Amz-Date nor a Date"},
		{"an empty time", headerRequest().with("X-Amz-Date", ""), "neither an X-Amz-Date nor a Date"},
		{"a time with hyphens", headerRequest().with("X-Amz-Date", "2026-01-02T15:04:05Z"), `"2026-01-02T15:04:05Z"`},
		{"a time with a fraction", headerRequest().with("X-Amz-Date", "20260102T150405.5Z"), `"20260102T150405.5Z"`},
		{"a day only", headerRequest().with("X-Amz-Date", "20260102"), `"20260102"`},
		{"the 30th of February", headerRequest().with("X-Amz-Date", "20260230T150405Z"), `"20260230T150405Z"`},
		{"HTTP's form in X-Amz-Date", headerRequest().with("X-Amz-Date", "Fri, 02 Jan 2026 15:04:05 GMT"), "X-Amz-Date"},
		{"a zone by name", headerRequest().without("X-Amz-Date").with("Date", "Fri, 02 Jan 2026 15:04:05 PST"), "PST"},
		{"a fraction in Date", headerRequest().without("X-Amz-Date").with("Date", "Fri, 02 Jan 2026 15:04:05.5 GMT"), "05.5"},
		{"an escape that is none", headerRequest().withQuery("a=%zz"), "percent sign"},
		{"half an escape", headerRequest().withQuery("a%2=1"), "percent sign"},
		{"a semicolon", headerRequest().withQuery("a=1;b=2"), "semicolon"},
	})
}

func TestParseRefusesQuery(t *testing.T) {
	t.Parallel()
	verdicts(t, "IncompleteSignatureException", []refusal{
		{"an Authorization header too", queryRequest().with("Authorization", "Bearer x"), "must say once"},
		{"a date header too", queryRequest().with("X-Amz-Date", "20260102T150405Z"), "header X-Amz-Date"},
		{"a token header too", queryRequest().with("X-Amz-Security-Token", "x"), "header X-Amz-Security-Token"},
		{"no algorithm", queryRequest("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""), "no X-Amz-Algorithm"},
		{"no credential", queryRequest("X-Amz-Credential", "Credential"), "no X-Amz-Credential"},
		{"no date", queryRequest("X-Amz-Date=20260102T150405Z&", ""), "no X-Amz-Date"},
		{"no validity", queryRequest("X-Amz-Expires=900&", ""), "no X-Amz-Expires"},
		{"no list of headers", queryRequest("X-Amz-SignedHeaders=host&", ""), "no X-Amz-SignedHeaders"},
		{"an empty list of headers", queryRequest("Headers=host", "Headers="), "no X-Amz-SignedHeaders"},
		{"no signature", queryRequest("&X-Amz-Signature="+digits64, ""), "no X-Amz-Signature"},
		{"a token only", vanilla().withQuery("X-Amz-Security-Token=x").without("X-Amz-Date"), "no X-Amz-Algorithm"},
		{"another algorithm", queryRequest("HMAC-SHA256", "ECDSA-P256-SHA256"), "X-Amz-Algorithm is not"},
		{"two algorithms", queryRequest("X-Amz-Date", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date"), "more than one X-Amz-Algorithm"},
		{"two credentials", queryRequest("X-Amz-Date", "X-Amz-Credential=x&X-Amz-Date"), "more than one X-Amz-Credential"},
		{"two dates", queryRequest("X-Amz-Exp", "X-Amz-Date=20260102T150405Z&X-Amz-Exp"), "more than one X-Amz-Date"},
		{"two validities", queryRequest("X-Amz-Date", "X-Amz-Expires=5&X-Amz-Date"), "more than one X-Amz-Expires"},
		{"two lists of headers", queryRequest("X-Amz-Date", "X-Amz-SignedHeaders=host&X-Amz-Date"), "more than one X-Amz-SignedHeaders"},
		{"two signatures", queryRequest("X-Amz-Date", "X-Amz-Signature="+digits64+"&X-Amz-Date"), "more than one X-Amz-Signature"},
		{"two spellings of one name", queryRequest("X-Amz-Date", "x-amz-signature="+digits64+"&X-Amz-Date"), "more than one X-Amz-Signature"},
		{"two tokens", queryRequest("X-Amz-Date", "X-Amz-Security-Token=a&X-Amz-Date"), "more than one X-Amz-Security-Token"},
		{"two hashes", queryRequest("X-Amz-Date", "X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Date"), "more than one X-Amz-Content-Sha256"},
		{"a bad date", queryRequest("150405Z", "150405"), `"20260102T150405"`},
		{"another day", queryRequest("%2F20260102", "%2F20260101"), `"20260101" is not 20260102`},
		{"validity of nothing", queryRequest("=900", "=0"), `"0" is not a number of seconds from 1 to 604800`},
		{"validity of more than a week", queryRequest("=900", "=604801"), `"604801" is not a number of seconds from 1 to 604800`},
		{"validity without end", queryRequest("=900", "=99999999999999999999"), "from 1 to 604800"},
		{"negative validity", queryRequest("=900", "=-5"), `"-5"`},
		{"validity with a sign", queryRequest("=900", "=%2B5"), `"+5"`},
		{"a bad signature", queryRequest(digits64, "x"), "64 lower-case"},
		{"no host", queryRequest("Headers=host", "Headers=x-note").with("X-Note", "x"), "no host"},
		{"a header of the service", queryRequest().with("X-Amz-Target", "x"), `"x-amz-target" that is not in SignedHeaders`},
		{"a header that is not there", queryRequest("Headers=host", "Headers=host%3Bx-note"), `"x-note", which the request does not have`},
	})
}

func TestParseRefusesPayload(t *testing.T) {
	t.Parallel()
	said := func(hash string) *Request {
		return headerRequest("host;", "host;x-amz-content-sha256;").with("X-Amz-Content-Sha256", hash)
	}
	verdicts(t, "InvalidSignatureException", []refusal{
		{"chunks", said("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), `"STREAMING-AWS4-HMAC-SHA256-PAYLOAD" is not supported`},
		{"chunks without signature", said("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), `"STREAMING-UNSIGNED-PAYLOAD-TRAILER" is not supported`},
		{"chunks in the query", queryRequest("X-Amz-Date", "X-Amz-Content-Sha256=STREAMING-X&X-Amz-Date"), `"STREAMING-X" is not supported`},
		{"nothing", said(""), `"" is neither`},
		{"upper-case digits", said(strings.Repeat("A", 64)), "is neither"},
		{"another word", said("unsigned-payload"), `"unsigned-payload" is neither`},
	})
}

func TestParseFindsNothing(t *testing.T) {
	t.Parallel()
	verdicts(t, "MissingAuthenticationTokenException", []refusal{
		{"nothing", vanilla(), "Missing Authentication Token"},
		{"parameters", vanilla().withQuery("MaxResults=5&Signature=x"), "Missing Authentication Token"},
		{"a token alone", vanilla().with("X-Amz-Security-Token", "x"), "Missing Authentication Token"},
	})
}

func (r *Request) withQuery(query string) *Request {
	r.Query = query
	return r
}

func (r *Request) withHost(host string) *Request {
	r.Host = host
	return r
}
