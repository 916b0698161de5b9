package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
)

// signer puts a caller's signature on a request with this body.
type signer func(ctx context.Context, r *http.Request, body []byte, as caller) error

// signer chooses by the flags, then by what the hub is: credentials of a real account
// mean nothing to a hub in development, and would hide whose findings are sent.
func (f *hubFlags) signer(ctx context.Context, c *client) (signer, error) {
	if f.NoSignRequest {
		return func(context.Context, *http.Request, []byte, caller) error { return nil }, nil
	}
	c.dev = f.DevAccounts
	if !c.dev {
		var err error
		if c.dev, err = c.isDev(ctx); err != nil {
			return nil, err
		}
	}
	if c.dev {
		// Nobody checks the hash, and making it takes as long as everything else that is
		// done for a finding on the way out.
		return signWith(devCredentials, func([]byte) string { return "UNSIGNED-PAYLOAD" }), nil
	}
	return chainSigner(ctx)
}

// credentials gives the keys by which a caller signs.
type credentials func(ctx context.Context, as caller) (aws.Credentials, error)

// devCredentials is an account's id as its access key; --dev takes our word for it.
func devCredentials(_ context.Context, as caller) (aws.Credentials, error) {
	key := as.account
	if key == "" {
		key = "dev"
	}
	return aws.Credentials{AccessKeyID: key, SecretAccessKey: "dev"}, nil
}

// chainSigner signs with what the AWS SDK finds: environment, profile, role.
func chainSigner(ctx context.Context) (signer, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion("us-east-1"))
	if err != nil {
		return nil, fmt.Errorf("the AWS configuration cannot be read: %w", err)
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, usagef("no AWS credentials were found, and the hub does not run with --dev; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
	}
	return signWith(func(ctx context.Context, _ caller) (aws.Credentials, error) {
		return cfg.Credentials.Retrieve(ctx)
	}, hashOf), nil
}

// hashOf is the SHA-256 of a body as the signature wants it.
func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// signWith makes a signer from keys and from what stands for the body's hash.
func signWith(keys credentials, hash func(body []byte) string) signer {
	s := v4.NewSigner()
	return func(ctx context.Context, r *http.Request, body []byte, as caller) error {
		creds, err := keys(ctx, as)
		if err != nil {
			return err
		}
		return s.SignHTTP(ctx, creds, r, hash(body), "securityhub", as.region, time.Now())
	}
}
