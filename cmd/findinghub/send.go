package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// sendAll sends batches until there are no more. Only one of the senders saves the
// state at a time; the ledger sees to that.
func (im *importing) sendAll(ctx context.Context, batches <-chan batch) error {
	saved := time.Now()
	for b := range batches {
		if err := im.send(ctx, &b); err != nil {
			return err
		}
		im.bar.done(im.ledger)
		if time.Since(saved) < saveEvery {
			continue
		}
		if err := im.saveState(); err != nil {
			return err
		}
		saved = time.Now()
	}
	return nil
}

// send sends one batch and settles it. An error ends the import: the hub is out of reach.
func (im *importing) send(ctx context.Context, b *batch) error {
	answer, err := im.client.call(ctx, b.as, "/findings/import", b.body())
	var refused *apiError
	switch {
	case err == nil:
		return im.answered(b, answer)
	case !errors.As(err, &refused):
		return fmt.Errorf("the hub cannot be reached at %s: %w", im.client.endpoint, err)
	case refused.status >= http.StatusInternalServerError || refused.status == http.StatusTooManyRequests:
		return fmt.Errorf("the hub cannot take findings: %w", err)
	case splittable(refused) && len(b.items) > 1:
		return im.sendHalves(ctx, b)
	default:
		im.ledger.settle(b, refuseAll(b, refused))
		return nil
	}
}

// sendHalves finds the findings for which the service refuses a whole request, as it
// does for a malformed product ARN or another account's product, so that the others
// of their batch are stored.
func (im *importing) sendHalves(ctx context.Context, b *batch) error {
	left, right := b.halves()
	if err := im.send(ctx, &left); err != nil {
		return err
	}
	return im.send(ctx, &right)
}

// splittable says whether part of the batch may be to blame rather than its caller.
func splittable(e *apiError) bool {
	switch e.status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return true
	case http.StatusForbidden:
		return e.code == "AccessDeniedException"
	default:
		return false
	}
}

func refuseAll(b *batch, e *apiError) map[int]failure {
	all := make(map[int]failure, len(b.items))
	for i := range b.items {
		all[i] = failure{Code: codeOf(e), Message: e.message}
	}
	return all
}

func codeOf(e *apiError) string {
	if e.code == "" {
		return fmt.Sprintf("HTTP %d", e.status)
	}
	return e.code
}

// answered reads the hub's answer to a batch.
func (im *importing) answered(b *batch, answer []byte) error {
	var said struct {
		FailedFindings []struct {
			ID      string `json:"Id"`
			Code    string `json:"ErrorCode"`
			Message string `json:"ErrorMessage"`
		}
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return fmt.Errorf("the answer of %s is not a hub's: %w", im.client.endpoint, err)
	}
	// The answer names findings by their ids, in their order; two of a batch may share one.
	places := map[string][]int{}
	for i, it := range b.items {
		places[it.id] = append(places[it.id], i)
	}
	failures := make(map[int]failure, len(said.FailedFindings))
	for _, f := range said.FailedFindings {
		at := places[f.ID]
		if len(at) == 0 {
			return fmt.Errorf("the hub refuses a finding that was not sent: %q", f.ID)
		}
		failures[at[0]] = failure{Code: f.Code, Message: f.Message}
		places[f.ID] = at[1:]
	}
	im.ledger.settle(b, failures)
	return nil
}
