package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/findinghub/findinghub/asff"
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

// refuseAll is the failure of every finding of a batch.
func refuseAll(b *batch, e *apiError) map[int]failure {
	all := make(map[int]failure, len(b.items))
	for i := range b.items {
		all[i] = failure{Code: codeOf(e), Message: e.message}
	}
	return all
}

// codeOf names an error that came without a code, as a proxy's does.
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
	failures := make(map[int]failure, len(said.FailedFindings))
	for _, f := range said.FailedFindings {
		i := b.place(f.ID, f.Message, failures)
		if i < 0 {
			return fmt.Errorf("the hub refuses a finding that was not sent: %q", f.ID)
		}
		failures[i] = failure{Code: f.Code, Message: f.Message}
	}
	im.ledger.settle(b, failures)
	return nil
}

// place finds the finding that a failure speaks of, -1 if there is none. Failures name
// findings by their ids, which are only unique for a product: of several that are not
// yet taken it is the one of which the message is true, else the first.
func (b *batch) place(id, message string, taken map[int]failure) int {
	var free []int
	for i, it := range b.items {
		if _, ok := taken[i]; !ok && it.id == id {
			free = append(free, i)
		}
	}
	if len(free) == 0 {
		return -1
	}
	if len(free) > 1 {
		for _, i := range free {
			if b.items[i].deserves(message) {
				return i
			}
		}
	}
	return free[0]
}

// deserves says whether a hub, strict or not, would say this of the finding.
func (it *item) deserves(message string) bool {
	for _, strict := range []bool{false, true} {
		if says, err := verdict(asff.Validator{Strict: strict}, it.raw); err == nil && says == message {
			return true
		}
	}
	return false
}
