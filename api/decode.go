package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"slices"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

// request is what an operation reads its input from.
type request struct {
	*operation
	label string
	query url.Values
	// body is only valid until the response is written.
	body []byte
}

// decode judges a request by the API's model and reads it into an input. What the model
// does not know is refused: nothing that a caller sends is ignored without a word.
func (r *request) decode(in any) error {
	body, err := r.checkBody()
	if err != nil {
		return err
	}
	params, err := r.params()
	if err != nil {
		return err
	}
	if err := readInto(in, body); err != nil || params == nil {
		return err
	}
	// By way of JSON, because the input's own types then say what a text becomes.
	text, err := json.Marshal(params)
	if err != nil {
		return err
	}
	return readInto(in, text)
}

// checkBody gives the body, {} where none was sent, once it keeps the model's rules.
func (r *request) checkBody() ([]byte, error) {
	body := r.body
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	if err := checkJSON(body); err != nil {
		return nil, err
	}
	// Of several faults the first in the document is told. The walk reports faults of a whole
	// object at its end, so the order of reports is not that of the document.
	var broken error
	offset := int64(-1)
	err := requestSchema.Walk(body, r.Input, func(v *asff.Violation) {
		if !tolerated(v) && (broken == nil || v.Offset < offset) {
			broken, offset = violated("", v), v.Offset
		}
	})
	if err != nil {
		return nil, notJSON(err)
	}
	return body, broken
}

// tolerated are violations that clients may commit: the protocol lets a time also travel
// as a number of seconds.
func tolerated(v *asff.Violation) bool {
	return v.Rule == asff.RuleType && v.Shape.Kind == asff.KindTimestamp && v.Value.Kind() == '0'
}

// checkJSON wants one JSON value that names no member twice: of two, one would be ignored.
func checkJSON(body []byte) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body))
	if _, err := dec.ReadValue(); err != nil {
		return notJSON(err)
	}
	if rest := bytes.TrimSpace(body[dec.InputOffset():]); len(rest) > 0 {
		return notJSON(errTrailing)
	}
	return nil
}

var errTrailing = errors.New("there is data after the JSON value")

// params judges the members that travel in the path and the query, and gives their
// values by the members' names, nil when the operation has none.
func (r *request) params() (map[string]any, error) {
	for name := range r.query {
		if !signing(name) && !slices.ContainsFunc(r.Params, func(p param) bool { return p.Query && p.Name == name }) {
			return nil, problem(excerpt(name), "The request has no such member")
		}
	}
	// Most operations have none, and are spared the second decoding.
	if len(r.Params) == 0 {
		return nil, nil
	}
	values := map[string]any{}
	for _, p := range r.Params {
		texts := []string{r.label}
		if p.Query {
			texts = r.query[p.Name]
		}
		if len(texts) == 0 {
			if p.Required {
				return nil, problem(p.Member, "It is required")
			}
			continue
		}
		v, err := p.value(texts)
		if err != nil {
			return nil, err
		}
		values[p.Member] = v
	}
	return values, nil
}

// signing says whether a query parameter belongs to the signature of a presigned request.
func signing(name string) bool {
	return len(name) > 6 && (name[:6] == "X-Amz-" || name[:6] == "x-amz-")
}

// value judges the texts of one parameter and gives what they mean: a list, a number or a string.
func (p param) value(texts []string) (any, error) {
	shape := requestSchema.Shape(p.Shape)
	// WalkText sees one text at a time, so the number of them is judged here.
	if n := len(texts); shape.Kind == asff.KindList && shape.Limits&asff.HasMax != 0 && n > int(shape.Max) {
		return nil, problem(p.Member, tooMany(n, int(shape.Max)))
	} else if n > 1 && shape.Kind != asff.KindList {
		return nil, problem(p.Member, "It is given more than once")
	}
	var broken error
	for _, text := range texts {
		requestSchema.WalkText(text, p.Shape, func(v *asff.Violation) {
			if broken == nil {
				broken = violated(p.Member, v)
			}
		})
	}
	switch {
	case broken != nil:
		return nil, broken
	case shape.Kind == asff.KindList:
		return texts, nil
	case shape.Kind == asff.KindString:
		return texts[0], nil
	}
	return json.RawMessage(texts[0]), nil
}

// readInto decodes JSON whose shape has been judged. What is left to go wrong is a number
// that is written with a fraction of nothing, as 1.0, where Go wants 1.
func readInto(in any, text []byte) error {
	err := json.Unmarshal(text, in)
	var e *json.UnmarshalTypeError
	if errors.As(err, &e) {
		return problem(e.Field, "Value '"+excerpt(e.Value)+"' cannot be read")
	}
	if err != nil {
		return notJSON(err)
	}
	return nil
}
