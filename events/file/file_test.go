package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/findinghub/findinghub/events"
)

func open(t *testing.T, s Settings) *sender {
	w, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w.(*sender)
}

// messages are those with the ids from, from+1 and so on.
func messages(from, n int) []events.Message {
	all := make([]events.Message, n)
	for i := range all {
		all[i].Body = fmt.Appendf(nil, `{"id":%d}`, from+i)
	}
	return all
}

func send(t *testing.T, w *sender, batch []events.Message) {
	t.Helper()
	for _, err := range w.Send(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// lines reads a file's lines; each must be whole.
func lines(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		t.Fatalf("%s ends in %q", path, data[max(0, len(data)-20):])
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// Lines are appended, across senders, and nobody else may read them.
func TestAppend(t *testing.T) {
	t.Parallel()
	s := Settings{Path: filepath.Join(t.TempDir(), "events"), MaxBytes: 1 << 20}
	first := open(t, s)
	send(t, first, messages(0, 3))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	send(t, open(t, s), messages(3, 2))
	if got := lines(t, s.Path); len(got) != 5 || got[0] != `{"id":0}` || got[4] != `{"id":4}` {
		t.Errorf("lines %v", got)
	}
	if info, err := os.Stat(s.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
}

// Files move up by one when one is full, and the oldest goes.
func TestRotate(t *testing.T) {
	t.Parallel()
	for keep, want := range map[int]string{0: "6", 1: "5 6", 3: "3 4 5 6"} {
		s := Settings{Path: filepath.Join(t.TempDir(), "events"), MaxBytes: 9, Keep: keep} // one line
		w := open(t, s)
		for i := range 7 {
			send(t, w, messages(i, 1))
		}
		var got []string
		for i := keep; i >= 0; i-- {
			for _, l := range lines(t, w.numbered(i)) {
				got = append(got, strings.Trim(l, `{}"id:`))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("keeping %d: %v", keep, got)
		}
		if files, _ := filepath.Glob(s.Path + "*"); len(files) != keep+2 { // with the lock
			t.Errorf("keeping %d: files %v", keep, files)
		}
	}
}

// Several senders, of several processes, write whole lines to one file and rotate it once.
func TestSeveralWriters(t *testing.T) {
	t.Parallel()
	s := Settings{Path: filepath.Join(t.TempDir(), "events"), MaxBytes: 2000, Keep: 100}
	var g sync.WaitGroup
	for i := range 4 {
		w := open(t, s)
		g.Go(func() {
			for j := range 50 {
				for _, err := range w.Send(context.Background(), messages(1000*i+3*j, 3)) {
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	g.Wait()
	files, _ := filepath.Glob(s.Path + "*")
	seen := map[string]bool{}
	for _, f := range files {
		if !strings.HasSuffix(f, ".lock") {
			for _, l := range lines(t, f) {
				if seen[l] {
					t.Errorf("%s is there twice", l)
				}
				seen[l] = true
			}
		}
	}
	if len(seen) != 600 {
		t.Errorf("%d lines of 600", len(seen))
	}
}

// A file that somebody moved away or removed is made again.
func TestMovedAway(t *testing.T) {
	t.Parallel()
	s := Settings{Path: filepath.Join(t.TempDir(), "events"), MaxBytes: 1 << 20}
	w := open(t, s)
	send(t, w, messages(0, 1))
	if err := os.Rename(s.Path, s.Path+".old"); err != nil {
		t.Fatal(err)
	}
	send(t, w, messages(1, 1))
	if got := lines(t, s.Path); !slices.Equal(got, []string{`{"id":1}`}) {
		t.Errorf("lines %v", got)
	}
}

// What a crash left of a line is cut off: its event was not reported as sent and comes again.
func TestTornLine(t *testing.T) {
	t.Parallel()
	for torn, want := range map[string]string{"": "", "{\"id": "", "{}\n{\"i": "{}\n", "{}\n": "{}\n"} {
		path := filepath.Join(t.TempDir(), "events")
		if err := os.WriteFile(path, []byte(torn), 0o600); err != nil {
			t.Fatal(err)
		}
		send(t, open(t, Settings{Path: path, MaxBytes: 1 << 20}), messages(7, 1))
		if data, _ := os.ReadFile(path); string(data) != want+"{\"id\":7}\n" {
			t.Errorf("%q became %q", torn, data)
		}
	}
}

// failing is a file whose next write stops after some bytes, or whose next sync fails.
type failing struct {
	handle
	short int // bytes that the next write writes; -1 for all
	sync  error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.short < 0 {
		return f.handle.Write(p)
	}
	n, err := f.handle.Write(p[:f.short])
	return n, cmpErr(err, errFull)
}

func (f *failing) Sync() error { return cmpErr(f.sync, f.handle.Sync()) }

var errFull = errors.New("no space left on device")

func cmpErr(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// A disk that fills up in the middle of a batch, and a sync that fails, leave no part of the batch; when there
// is space again all goes on.
func TestDiskFails(t *testing.T) {
	t.Parallel()
	for _, fault := range []failing{{short: 0}, {short: 5}, {short: 12}, {short: -1, sync: errFull}} {
		w := open(t, Settings{Path: filepath.Join(t.TempDir(), "events"), MaxBytes: 1 << 20})
		send(t, w, messages(0, 1))
		fault.handle, w.file = w.file, &fault
		for _, err := range w.Send(t.Context(), messages(1, 2)) {
			if !errors.Is(err, errFull) {
				t.Errorf("error %v", err)
			}
		}
		if got := lines(t, w.s.Path); len(got) != 1 {
			t.Errorf("after a failure: %v", got)
		}
		send(t, w, messages(1, 2))
		if got := lines(t, w.s.Path); !slices.Equal(got, []string{`{"id":0}`, `{"id":1}`, `{"id":2}`}) {
			t.Errorf("lines %v", got)
		}
	}
}

// What cannot be opened or has ended is an error for each message.
func TestErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Open(Settings{Path: filepath.Join(dir, "missing", "events"), MaxBytes: 1}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	w := open(t, Settings{Path: filepath.Join(dir, "events"), MaxBytes: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if errs := w.Send(ctx, messages(0, 2)); len(errs) != 2 || !errors.Is(errs[1], context.Canceled) {
		t.Errorf("errors %v", errs)
	}
	w.open = func(string) (handle, error) { return nil, fs.ErrPermission }
	if errs := w.Send(t.Context(), messages(0, 1)); !errors.Is(errs[0], fs.ErrPermission) {
		t.Errorf("errors %v", errs)
	}
	for want, s := range map[string]Settings{
		"path": {MaxBytes: 1}, "max-bytes": {Path: "x"}, "keep": {Path: "x", MaxBytes: 1, Keep: -1},
	} {
		if _, err := Open(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
}
