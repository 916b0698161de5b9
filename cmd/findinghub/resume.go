package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// resumeState is the file by which an interrupted import goes on: how many of each
// file's findings the hub has answered for, counted from the start without a gap.
// Findings that were answered out of order are sent again, which changes nothing.
type resumeState struct {
	Version int                   `json:"version"`
	Files   map[string]resumeFile `json:"files"`
}

// resumeFile is one file's part of the state.
type resumeFile struct {
	Acknowledged int `json:"acknowledged"`
	Failed       int `json:"failed,omitempty"`
	// Head is a hash of the file's beginning, HeadSize bytes: a file that was replaced
	// since must not be taken up in its middle. One that has grown may.
	Head     string `json:"head,omitempty"`
	HeadSize int64  `json:"head_size,omitempty"`
}

const (
	resumeVersion = 1
	maxHead       = 64 << 10
)

// loadResume reads the state; a file that is not there yet is an empty one.
func loadResume(path string) (*resumeState, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &resumeState{Version: resumeVersion, Files: map[string]resumeFile{}}, nil
	}
	if err != nil {
		return nil, err
	}
	s := &resumeState{}
	if err := json.Unmarshal(data, s); err != nil || s.Version != resumeVersion || s.Files == nil {
		return nil, fmt.Errorf("%s is not a state file of this version of import", path)
	}
	return s, nil
}

// apply tells the sources what is done of them.
func (s *resumeState) apply(sources []*source) error {
	for _, src := range sources {
		f, ok := s.Files[resumeKey(src.name)]
		if !ok {
			continue
		}
		head, err := headOf(src.name, f.HeadSize)
		if err != nil {
			return err
		}
		if head != f.Head {
			return fmt.Errorf("%s is not the file that the import began with; remove the state file to begin anew", src.name)
		}
		src.skip, src.acknowledged, src.failed = f.Acknowledged, f.Acknowledged, f.Failed
	}
	return nil
}

// record takes over how far the sources are.
func (s *resumeState) record(sources []*source) error {
	for _, src := range sources {
		key := resumeKey(src.name)
		f, ok := s.Files[key]
		if !ok {
			f.HeadSize = min(src.size, maxHead)
			var err error
			if f.Head, err = headOf(src.name, f.HeadSize); err != nil {
				return err
			}
		}
		f.Acknowledged, f.Failed = src.acknowledged, src.failed
		s.Files[key] = f
	}
	return nil
}

// save replaces the state file in one step, so that a crash leaves the old or the new.
func (s *resumeState) save(path string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// resumeKey names a file independently of the directory that import runs in.
func resumeKey(name string) string {
	if name == stdin {
		return stdin
	}
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

// headOf hashes a file's first n bytes; standard input has no head to look at twice.
func headOf(name string, n int64) (string, error) {
	if name == stdin || n == 0 {
		return "", nil
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyN(h, f, n); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
