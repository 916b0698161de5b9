package api

import (
	"encoding/json"
	"math"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/hub"
)

// historyInput is GetFindingHistoryInput with times as the wire has them. The outer members
// hide the embedded ones of the same names from the decoder.
type historyInput struct {
	hub.GetFindingHistoryInput
	StartTime timestamp
	EndTime   timestamp
}

// getFindingHistory has a decoder of its own for the sake of its two times.
func getFindingHistory() *executor {
	return answering(func(r *request) (hub.GetFindingHistoryInput, error) {
		in, err := decoded[historyInput](r)
		in.GetFindingHistoryInput.StartTime = time.Time(in.StartTime)
		in.GetFindingHistoryInput.EndTime = time.Time(in.EndTime)
		return in.GetFindingHistoryInput, err
	}, (*hub.Hub).GetFindingHistory)
}

// timestamp is a time that a client writes in ISO 8601, as the model asks, or as seconds since
// 1970, which is how this protocol writes times that the model says nothing about.
type timestamp time.Time

// UnmarshalJSON implements json.Unmarshaler.
func (t *timestamp) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	if text := asff.Unquote(b); text != "" {
		parsed, err := asff.ParseTime(text)
		if err != nil {
			return &json.UnmarshalTypeError{Value: text, Field: "StartTime or EndTime"}
		}
		*t = timestamp(parsed)
		return nil
	}
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	// Beyond these years arithmetic on times overflows, and nothing happened there.
	const year9999 = 253402300799
	if math.Abs(seconds) > year9999 {
		return &json.UnmarshalTypeError{Value: string(b), Field: "StartTime or EndTime"}
	}
	whole, fraction := math.Modf(seconds)
	*t = timestamp(time.Unix(int64(whole), int64(fraction*1e9)).UTC())
	return nil
}
