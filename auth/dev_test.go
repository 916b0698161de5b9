package auth

import (
	"errors"
	"strings"
	"testing"

	"github.com/findinghub/findinghub"
)

func header(credential string) string {
	return "AWS4-HMAC-SHA256 Credential=" + credential + ", SignedHeaders=host;x-amz-date, Signature=0f"
}

func TestDev(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                    string
		claim                   Claim
		account, region, caller string
	}{
		{"an account as the key", Claim{Authorization: header("111122223333/20260101/eu-west-1/securityhub/aws4_request")},
			"111122223333", "eu-west-1", "arn:aws:iam::111122223333:user/dev"},
		{"any other key", Claim{Authorization: header("AKIAIOSFODNN7EXAMPLE/20260101/us-west-2/securityhub/aws4_request")},
			DevAccount, "us-west-2", "arn:aws:iam::123456789012:user/dev"},
		{"a key with slashes", Claim{Authorization: header("a/b/c/20260101/us-west-2/securityhub/aws4_request")},
			DevAccount, "us-west-2", "arn:aws:iam::123456789012:user/dev"},
		{"a key of 13 digits", Claim{Authorization: header("1111222233334/20260101/us-west-2/securityhub/aws4_request")},
			DevAccount, "us-west-2", "arn:aws:iam::123456789012:user/dev"},
		{"no spaces between the parts", Claim{Authorization: "AWS4-HMAC-SHA256 SignedHeaders=host,Credential=k/d/eu-north-1/securityhub/aws4_request,Signature=0"},
			DevAccount, "eu-north-1", "arn:aws:iam::123456789012:user/dev"},
		{"unsigned", Claim{}, DevAccount, "us-east-1", "arn:aws:iam::123456789012:user/dev"},
		{"presigned", Claim{Credential: "111122223333/20260101/ap-south-1/securityhub/aws4_request"},
			"111122223333", "ap-south-1", "arn:aws:iam::111122223333:user/dev"},
		{"the header wins over the query", Claim{Authorization: header("111122223333/d/eu-west-1/securityhub/aws4_request"), Credential: "k/d/ap-south-1/securityhub/aws4_request"},
			"111122223333", "eu-west-1", "arn:aws:iam::111122223333:user/dev"},
		{"another partition", Claim{Authorization: header("111122223333/d/cn-north-1/securityhub/aws4_request")},
			"111122223333", "cn-north-1", "arn:aws-cn:iam::111122223333:user/dev"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.claim.DefaultRegion = "us-east-1"
			p, err := Dev(tt.claim)
			if err != nil {
				t.Fatal(err)
			}
			if want := (Principal{Account: tt.account, ARN: tt.caller, Region: tt.region, UserID: "DEV" + tt.account, AccessKeyID: p.AccessKeyID}); p != want {
				t.Errorf("got %+v, want %+v", p, want)
			}
		})
	}
}

func TestDevRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, authorization, credential, says string }{
		{"another scheme", "Bearer abc", "", "AWS4-HMAC-SHA256"},
		{"a longer scheme's name", "AWS4-HMAC-SHA256X Credential=k/d/us-east-1/securityhub/aws4_request", "", "AWS4-HMAC-SHA256"},
		{"the scheme alone", "AWS4-HMAC-SHA256", "", "AWS4-HMAC-SHA256"},
		{"no credential", "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00", "", "no Credential"},
		{"an empty credential", header(""), "", "no Credential"},
		{"a short scope", header("k/20260101/us-east-1/aws4_request"), "", "KEY/DATE/REGION/SERVICE"},
		{"another ending", header("k/20260101/us-east-1/securityhub/aws5_request"), "", "KEY/DATE/REGION/SERVICE"},
		{"another service", header("k/20260101/us-east-1/s3/aws4_request"), "", `"s3"`},
		{"an empty region", header("k/20260101//securityhub/aws4_request"), "", "region"},
		{"a region that is a path", header("k/20260101/..%2F/securityhub/aws4_request"), "", "region"},
		{"a bad presigned credential", "", "k/us-east-1", "KEY/DATE/REGION/SERVICE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Dev(Claim{Authorization: tt.authorization, Credential: tt.credential, DefaultRegion: "us-east-1"})
			var e *findinghub.Error
			if !errors.As(err, &e) || e.Code != CodeIncompleteSignature || !strings.Contains(e.Message, tt.says) {
				t.Errorf("got %v, want %s that says %q", err, CodeIncompleteSignature, tt.says)
			}
		})
	}
}

func FuzzDev(f *testing.F) {
	f.Add(header("111122223333/20260101/eu-west-1/securityhub/aws4_request"), "")
	f.Add("AWS4-HMAC-SHA256 Credential=/////", "k/d/r/securityhub/aws4_request")
	f.Fuzz(func(t *testing.T, authorization, credential string) {
		p, err := Dev(Claim{Authorization: authorization, Credential: credential, DefaultRegion: "us-east-1"})
		if err == nil && (!ValidAccount(p.Account) || !ValidRegion(p.Region)) {
			t.Errorf("accepted a caller that cannot be: %+v", p)
		}
	})
}

func TestValidAccount(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"123456789012": true, "000000000000": true, "": false, "12345678901": false, "1234567890123": false,
		"12345678901a": false, "-12345678901": false, "１２３４": false,
	} {
		if got := ValidAccount(id); got != want {
			t.Errorf("ValidAccount(%q) = %v", id, got)
		}
	}
}

func TestValidRegion(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"us-east-1": true, "home": true, "x": true, strings.Repeat("r", 32): true, strings.Repeat("r", 33): false,
		"": false, "US-EAST-1": false, "us_east_1": false, "us-east-1 ": false, "us/east": false, "übersee": false,
	} {
		if got := ValidRegion(name); got != want {
			t.Errorf("ValidRegion(%q) = %v", name, got)
		}
	}
}
