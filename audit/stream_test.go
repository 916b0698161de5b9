package audit

import (
	"bytes"
	"fmt"
	"testing"
)

// pipe is a stream that takes so many bytes and then fails.
type pipe struct {
	bytes.Buffer
	room int
}

func (p *pipe) Write(b []byte) (int, error) {
	n := min(len(b), p.room)
	p.room -= n
	_, _ = p.Buffer.Write(b[:n])
	if n < len(b) {
		return n, errTest
	}
	return n, nil
}

// streamed gives the records of a stream, each of which must be whole.
func streamed(t *testing.T, p *pipe) []Record {
	t.Helper()
	var all []Record
	for line := range bytes.Lines(p.Bytes()) {
		all = append(all, parse(t, line))
	}
	return all
}

// TestStream: on the standard output a line that was begun is finished first, and calls are
// refused until it is.
func TestStream(t *testing.T) {
	t.Parallel()
	for room := 0; room < 3000; room += 97 {
		out := &pipe{room: room}
		b := startLog(t, func(c *Config) { c.Path, c.Stdout = "-", out })
		executed := []string{}
		refused := 0
		for i := range 6 {
			if id := fmt.Sprint(i); b.call(id, false) {
				executed = append(executed, id)
			} else {
				refused++
			}
		}
		if len(executed) == 6 || refused == 0 {
			t.Fatalf("room for %d bytes: none of six calls is refused", room)
		}
		out.room = 1 << 20
		if !b.call("last", false) {
			t.Errorf("room for %d bytes: refused although the stream takes all", room)
		}
		executed = append(executed, "last")
		if err := b.log.Close(); err != nil {
			t.Error(err)
		}
		if got := fmt.Sprint(ids(streamed(t, out))); got != fmt.Sprint(executed) {
			t.Errorf("room for %d bytes: on record are %s, executed were %s", room, got, executed)
		}
	}
}

// TestStreamGap: reads go on, and the gap tells of those that are lost.
func TestStreamGap(t *testing.T) {
	t.Parallel()
	out := &pipe{room: 100}
	b := startLog(t, func(c *Config) { c.Path, c.Stdout = "-", out })
	for i := range 5 {
		if !b.call(fmt.Sprint(i), true) {
			t.Error("a read is refused")
		}
	}
	out.room = 1 << 20
	if err := b.log.Reopen(); err != nil {
		t.Error(err)
	}
	b.call("last", true)
	all := streamed(t, out)
	// The first was begun, so it is finished; the other four are lost.
	if got := fmt.Sprint(ids(all)); got != "[0 last]" || lostIn(all) != 4 || b.log.Lost() != 4 {
		t.Errorf("on record are %s, the gap tells of %d, %d are counted", got, lostIn(all), b.log.Lost())
	}
}

// TestStreamCloses: a line that is not finished in the end is an error.
func TestStreamCloses(t *testing.T) {
	t.Parallel()
	b := startLog(t, func(c *Config) { c.Path, c.Stdout = "-", &pipe{room: 100} })
	b.call("0", false)
	if err := b.log.Close(); err == nil {
		t.Error("half a line is no error")
	}
}
