package hub

import (
	"fmt"

	"github.com/findinghub/findinghub/auth"
)

// maxAccounts bounds the accounts of one request and the page of a listing of accounts
// (behaviour.md section 5.7).
const maxAccounts = 50

// Result is why an account of a request was not processed.
type Result struct {
	AccountID        string `json:"AccountId"`
	ProcessingResult string
}

// The reasons that clients know, and those of several operations (error-strings.md).
const (
	alreadyMember = "The request is rejected because the given account ID is already a member or associated member of the current account."
	notMember     = "The request is rejected because the given account ID is not a member of the current account."
	notInvited    = "The request is rejected because the given account ID has no invitation to the current account."
)

// checkAccountCount refuses more accounts than one request may name.
func checkAccountCount(n int) error {
	if n > maxAccounts {
		return invalid("Invalid parameter 'AccountIds'. Maximum number of results exceeded: it has '%d' items, which is greater than maximum value: %d.", n, maxAccounts)
	}
	return nil
}

// accountFault says what is wrong with an account's id, "" when nothing is.
func accountFault(member, account string) string {
	if auth.ValidAccount(account) {
		return ""
	}
	return fmt.Sprintf("Invalid parameter '%s'. Value '%.64s' is not an account id of 12 digits.", member, account)
}

// eachAccount calls f for every account of a request and collects those that it gives a reason
// against. What is no account's id is never given to f.
func eachAccount(member string, accounts []string, f func(account string) (reason string, err error)) ([]Result, error) {
	if err := checkAccountCount(len(accounts)); err != nil {
		return nil, err
	}
	unprocessed := []Result{}
	for i, account := range accounts {
		reason := accountFault(fmt.Sprintf(member, i), account)
		if reason == "" {
			var err error
			if reason, err = f(account); err != nil {
				return nil, err
			}
		}
		if reason != "" {
			unprocessed = append(unprocessed, Result{account, reason})
		}
	}
	return unprocessed, nil
}

// accountIDs is the member that most requests have for accounts, by index.
const accountIDs = "AccountIds[%d]"
