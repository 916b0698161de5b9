package hub

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// A seal is in front of the record's members, so that whoever reads the record without asking
// for it finds what is there; what was removed is told from what is empty.
func TestSeal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body, stored string
		by                 uint64
	}{
		{"a record", `{"Account":"1"}`, `{"SealedBy":7,"Account":"1"}`, 7},
		{"an empty record", `{}`, `{"SealedBy":7}`, 7},
		{"no record", "", `{"SealedBy":7,"Gone":true}`, 7},
		{"no seal", `{"Account":"1"}`, `{"Account":"1"}`, 0},
		{"neither", "", "", 0},
	} {
		var body []byte
		if tt.body != "" {
			body = []byte(tt.body)
		}
		stored := seal(body, tt.by)
		if string(stored) != tt.stored {
			t.Errorf("%s is stored as %s, want %s", tt.name, stored, tt.stored)
		}
		got, by, err := unseal(stored)
		if err != nil || string(got) != tt.body || by != tt.by || (got == nil) != (body == nil) {
			t.Errorf("%s is read as %q, sealed by %d, %v", tt.name, got, by, err)
		}
	}
}

func TestSealsThatAreDamaged(t *testing.T) {
	t.Parallel()
	for _, stored := range []string{`{"SealedBy":`, `{"SealedBy":7`, `{"SealedBy":-7}`, `{"SealedBy":"7"}`, `{"SealedBy":}`, `{"SealedBy":99999999999999999999,"Gone":true}`} {
		if body, by, err := unseal([]byte(stored)); err == nil {
			t.Errorf("%s is read as %q, sealed by %d", stored, body, by)
		}
	}
}

// Whatever a record is and becomes, the seal is on it and nothing else is changed.
func TestSealsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		members := rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(rt, "members")
		body := must[[]byte](t)(json.Marshal(members))
		by := rapid.Uint64().Draw(rt, "by")
		if string(seal(body, 0)) != string(body) {
			rt.Fatal("no seal changed the record")
		}
		if _, clash := members["SealedBy"]; clash {
			return
		}
		got, gotBy, err := unseal(seal(body, by))
		if err != nil || gotBy != by || string(got) != string(body) {
			rt.Fatalf("%s sealed by %d becomes %s by %d, %v", body, by, got, gotBy, err)
		}
	})
}

func FuzzUnseal(f *testing.F) {
	for _, s := range []string{`{"SealedBy":7,"Account":"1"}`, `{"SealedBy":7}`, `{"SealedBy":7,"Gone":true}`, `{}`, ``, `{"SealedBy":`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		body, by, err := unseal(stored)
		if err != nil || !json.Valid(stored) || by == 0 {
			return
		}
		if body != nil && !json.Valid(body) {
			t.Errorf("%q becomes %q", stored, body)
		}
	})
}
