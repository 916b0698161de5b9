package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

// forgetful is an engine that decides and keeps nothing: what is left is the cost of everything above.
type forgetful struct{ store.Engine }

func (forgetful) Apply(_ context.Context, ms []store.Mutation) ([]error, error) {
	errs := make([]error, len(ms))
	for i, m := range ms {
		_, errs[i] = m.Apply(nil)
	}
	return errs, nil
}

// BenchmarkImport imports batches of 100 real findings of ordinary size.
func BenchmarkImport(b *testing.B) {
	h, err := hub.New(b.Context(), hub.Config{Store: forgetful{memory.New()}, Dev: true})
	if err != nil {
		b.Fatal(err)
	}
	handler := New(Config{Hub: h})
	text, err := os.ReadFile("../../shared/corpus/asff/asr__afsbp-s3.2__01.json")
	if err != nil {
		b.Fatal(err)
	}
	var batch []string
	for i := range 100 {
		batch = append(batch, strings.Replace(string(text), `"Id":`, fmt.Sprintf(`"Id": "%d", "Id0":`, i), 1))
	}
	body := []byte(`{"Findings":[` + strings.Join(batch, ",") + `]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/findings/import", bytes.NewReader(body))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=111111111111/d/us-east-1/securityhub/aws4_request")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"FailedCount":0`) {
			b.Fatal(w.Body)
		}
	}
	b.ReportMetric(float64(b.N)*100/b.Elapsed().Seconds(), "findings/s")
}
