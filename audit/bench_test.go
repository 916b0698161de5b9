package audit

import (
	"errors"
	"testing"
	"time"
)

// BenchmarkRecord is the whole cost of one call's record: Begin, the record, its line, the write.
func BenchmarkRecord(b *testing.B) {
	l := startLog(b, func(c *Config) { c.wrap, c.Now, c.Keep = nil, time.Now, 1 })
	c := testCall()
	b.ReportAllocs()
	for b.Loop() {
		if err := errors.Join(l.log.Begin(false), l.log.End(New(c))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecordParallel(b *testing.B) {
	l := startLog(b, func(c *Config) { c.wrap, c.Now, c.Keep = nil, time.Now, 1 })
	b.RunParallel(func(p *testing.PB) {
		c := testCall()
		for p.Next() {
			if err := errors.Join(l.log.Begin(false), l.log.End(New(c))); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkEncode is the part of it that needs no disk.
func BenchmarkEncode(b *testing.B) {
	c := testCall()
	b.ReportAllocs()
	for b.Loop() {
		encode(New(c))
	}
}
