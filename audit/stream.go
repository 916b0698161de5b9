package audit

import (
	"io"
	"slices"
	"time"
)

// stream is a log on the standard output: lines only, since who reads it keeps it. Nothing
// can be set aside in it nor taken back from it.
type stream struct {
	w io.Writer
	// rest is what is missing of the last line.
	rest []byte
}

func (s *stream) look(time.Time, int64) {}

// reserve writes what is missing of the last line: as long as that fails, so would a new one.
func (s *stream) reserve(int64) error {
	if len(s.rest) == 0 {
		return nil
	}
	n, err := s.w.Write(s.rest)
	s.rest = s.rest[n:]
	return err
}

// write counts a line as taken once a part of it is out, since the part cannot be taken
// back: the rest goes out before anything else does.
func (s *stream) write(_ time.Time, line []byte, _ int64) error {
	if err := s.reserve(0); err != nil {
		return err
	}
	n, err := s.w.Write(line)
	if err != nil && n > 0 {
		s.rest = slices.Clone(line[n:])
		return nil
	}
	return err
}

func (s *stream) reopen(int64) error { return nil }

// close lets the stream be: it is the process's. It fails when a line was not finished.
func (s *stream) close() error { return s.reserve(0) }
