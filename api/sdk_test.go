package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/store/memory"
)

// server is a hub in --dev over HTTP, on an engine in memory.
func server(t *testing.T, change ...func(*hub.Config)) *httptest.Server {
	t.Helper()
	c := hub.Config{Store: memory.New(), Dev: true}
	for _, f := range change {
		f(&c)
	}
	h, err := hub.New(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(New(Config{Hub: h}))
	t.Cleanup(s.Close)
	return s
}

// client is the AWS SDK for Go, pointed at a server as a user would.
func client(s *httptest.Server, account, region string) *securityhub.Client {
	return securityhub.New(securityhub.Options{
		Region: region, BaseEndpoint: aws.String(s.URL), HTTPClient: http.DefaultClient,
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""),
		Retryer:     aws.NopRetryer{},
	})
}

// handlerInDev is the handler of a fresh hub in --dev.
func handlerInDev(t testing.TB) http.Handler {
	t.Helper()
	h, err := hub.New(t.Context(), hub.Config{Store: memory.New(), Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Hub: h})
}
