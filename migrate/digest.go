package migrate

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// digest is the sum of one finding or record with its key.
type digest [sha256.Size]byte

// digestWhole is of everything that engines promise to keep: times to the microsecond. Each part has its length
// before it, so that no two findings run together to the same text.
func digestWhole(w *store.Whole) digest {
	b := appendTexts(make([]byte, 0, 4096), w.Key.Account, w.Key.Region, w.Key.ProductArn, w.Key.ID)
	b = appendText(b, string(w.Stored.Finding.AppendJSON(nil)))
	b = append(b, byte(w.Stored.Owned))
	b = appendTime(b, w.Stored.CreatedTime)
	b = appendSource(b, w.Stored.CreatedBy)
	b = binary.AppendUvarint(b, uint64(len(w.Changes)))
	for i := range w.Changes {
		c := &w.Changes[i]
		b = appendSource(appendTime(b, c.Time), c.Source)
		b = binary.AppendUvarint(b, uint64(len(c.Updates)))
		for _, u := range c.Updates {
			b = appendTexts(b, u.Field, u.Old, u.New)
		}
	}
	return sha256.Sum256(b)
}

func digestRecord(r *store.Record) digest {
	return sha256.Sum256(appendTexts(nil, r.Collection, r.Account, r.Region, r.Name, string(r.Body)))
}

func appendTexts(b []byte, texts ...string) []byte {
	for _, t := range texts {
		b = appendText(b, t)
	}
	return b
}

func appendText(b []byte, t string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(t))), t...)
}

func appendTime(b []byte, t time.Time) []byte { return binary.AppendVarint(b, t.UnixMicro()) }

func appendSource(b []byte, s finding.Source) []byte {
	return appendTexts(b, string(s.Type), s.Identity)
}
