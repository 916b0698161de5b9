package hub

import (
	"bytes"
	"fmt"
	"strconv"
)

// A sealed record refuses the writes of changes that lost their lock: those with a lower number than its
// seal. The seal is in front of the record's own members, and stays with whatever the record becomes;
// the record that was removed leaves a tombstone that is nothing but its seal (docs/adr/0016-records.md).
const (
	sealMark  = `{"SealedBy":`
	tombstone = `,"Gone":true}`
)

// seal puts a seal on a record's JSON, nil being no record. No seal, 0, leaves it as it is.
func seal(body []byte, by uint64) []byte {
	if by == 0 {
		return body
	}
	sealed := strconv.AppendUint([]byte(sealMark), by, 10)
	switch {
	case body == nil:
		return append(sealed, tombstone...)
	case string(body) == "{}":
		return append(sealed, '}')
	}
	return append(append(sealed, ','), body[1:]...)
}

// unseal takes the seal off what is stored; nil is no record. Nearly no record has one.
func unseal(stored []byte) (body []byte, by uint64, err error) {
	rest, sealed := bytes.CutPrefix(stored, []byte(sealMark))
	if !sealed {
		return stored, 0, nil
	}
	end := bytes.IndexAny(rest, ",}")
	if end < 0 {
		return nil, 0, fmt.Errorf("hub: the seal %.40q does not end", stored)
	}
	if by, err = strconv.ParseUint(string(rest[:end]), 10, 64); err != nil {
		return nil, 0, fmt.Errorf("hub: the seal %.40q: %w", stored, err)
	}
	if rest = rest[end:]; string(rest) == tombstone {
		return nil, by, nil
	}
	return append([]byte{'{'}, bytes.TrimPrefix(rest, []byte{','})...), by, nil
}
