package sigv4

import (
	"encoding/json"
	"net/textproto"
	"os"
	"testing"
	"time"
)

// botocoreCase is a request as testdata/botocore.py had it signed.
type botocoreCase struct {
	Name, Method, Path, Query, Host string
	Headers                         map[string]string
	Body                            []byte
	Token, Region                   string
	Expires                         int
}

func (c botocoreCase) request() *Request {
	r := &Request{Method: c.Method, Path: c.Path, Query: c.Query, Host: c.Host, Header: map[string][]string{}}
	for name, value := range c.Headers {
		r.Header[textproto.CanonicalMIMEHeaderKey(name)] = []string{value}
	}
	return r
}

func TestBotocoreVerifies(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/botocore.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Secret, Time string
		Cases        []botocoreCase
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 17 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	now, ok := parseStamp(file.Time)
	if !ok {
		t.Fatalf("time %q", file.Time)
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			r := c.request()
			if !NormalPath(r.Path) {
				t.Errorf("path %s is not normal", r.Path)
			}
			if err := check(r, now, file.Secret, c.Body); err != nil {
				t.Fatal(err)
			}
			s, err := Parse(r)
			if err != nil || s.SessionToken != c.Token || s.Region != c.Region || s.Presigned != (c.Expires > 0) || s.Expires != time.Duration(c.Expires)*time.Second {
				t.Errorf("read %+v, %v", s, err)
			}
			if check(r, now, file.Secret, append(c.Body, ' ')) == nil {
				t.Error("accepted another body")
			}
			if check(r, now, file.Secret+"x", c.Body) == nil {
				t.Error("accepted another secret")
			}
			r.Path += "x"
			if check(r, now, file.Secret, c.Body) == nil {
				t.Error("accepted another path")
			}
		})
	}
}
