package api

import (
	"bytes"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/hub"
	"github.com/go-json-experiment/json/jsontext"
)

// batchImportFindings is the hot path, so it goes without decode: the findings are cut out of the body
// as they stand and read once, by the validator. What decode would say about the envelope is
// said here in the same words.
func batchImportFindings() *executor {
	return answering(func(r *request) (hub.BatchImportFindingsInput, error) {
		if _, err := r.params(); err != nil {
			return hub.BatchImportFindingsInput{}, err
		}
		findings, err := splitFindings(r.body)
		return hub.BatchImportFindingsInput{Findings: findings}, err
	}, (*hub.Hub).BatchImportFindings)
}

// splitFindings cuts the findings out of a request's body. They alias it.
func splitFindings(body []byte) ([]jsontext.Value, error) {
	// Names that occur twice are for the validator to judge, which keeps the last (as the service's
	// JavaScript does); looking for them here would cost a set of names for every object.
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, problem("Findings", "It is required")
	}
	if tok, err := dec.ReadToken(); err != nil {
		return nil, notJSON(err)
	} else if tok.Kind() != '{' {
		return nil, problem("", "It should be an object")
	}
	s := splitter{dec: dec, body: body}
	for dec.PeekKind() != '}' {
		if err := s.member(); err != nil {
			return nil, err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, notJSON(err)
	}
	if rest := bytes.TrimSpace(body[dec.InputOffset():]); len(rest) > 0 {
		return nil, notJSON(errTrailing)
	}
	return s.findings, s.judge()
}

// splitter reads the envelope of an import.
type splitter struct {
	dec  *jsontext.Decoder
	body []byte
	// seen is set by a list, also an empty one, but not by null.
	seen     bool
	findings []jsontext.Value
	// count goes on where findings ends: a body of 6 MB may hold millions of numbers.
	count int
}

// member reads one member of the envelope. Only one name is allowed there.
func (s *splitter) member() error {
	name, err := s.dec.ReadToken()
	if err != nil {
		return notJSON(err)
	}
	if member := name.String(); member != "Findings" {
		return problem(excerpt(member), "The request has no such member")
	}
	if s.seen {
		return problem("Findings", "It is given more than once")
	}
	switch s.dec.PeekKind() {
	case 'n': // null is absent
		if err := s.dec.SkipValue(); err != nil {
			return notJSON(err)
		}
		return nil
	case '[':
		s.seen = true
		return s.list()
	}
	if err := s.dec.SkipValue(); err != nil {
		return notJSON(err)
	}
	return problem("Findings", "It should be an array")
}

// list reads the findings. More than there may be are counted for the message, not kept.
func (s *splitter) list() error {
	if _, err := s.dec.ReadToken(); err != nil {
		return notJSON(err)
	}
	for s.dec.PeekKind() != ']' {
		v, err := s.dec.ReadValue()
		if err != nil {
			return notJSON(err)
		}
		if s.count++; s.count <= asff.MaxBatch {
			// A slice of the body: the decoder's own is only good until its next read.
			end := s.dec.InputOffset()
			s.findings = append(s.findings, s.body[end-int64(len(v)):end])
		}
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return notJSON(err)
	}
	return nil
}

// judge applies the bounds of the batch.
func (s *splitter) judge() error {
	switch {
	case !s.seen:
		return problem("Findings", "It is required")
	case s.count == 0:
		return problem("Findings", "Size '0' is less than minimum value: 1")
	case s.count > asff.MaxBatch:
		return problem("Findings", tooMany(s.count, asff.MaxBatch))
	}
	return nil
}
