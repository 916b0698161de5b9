package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxTorn is how many bytes of a torn line are kept. JSON may write each of them as six.
const maxTorn = 8 << 10

// mend makes a whole line of the part of one that a crash left at a file's end, so that
// every line parses: the newline, if that is all that is missing, otherwise a record
// that has the part as a text. It gives the part's length, 0 where there was none.
func mend(path string, record func(part string) Record) (int, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	part, offset, err := tail(f)
	if err != nil || len(part) == 0 {
		return 0, err
	}
	if json.Valid(part) {
		_, err = f.WriteAt([]byte("\n"), offset+int64(len(part)))
		return len(part), err
	}
	// Over the part and not behind it: a crash in between leaves one torn line again.
	line := encode(record(string(part)))
	if _, err := f.WriteAt(line, offset); err != nil {
		return 0, fmt.Errorf("recording a torn line: %w", err)
	}
	return len(part), f.Truncate(offset + int64(len(line)))
}

// tail gives what follows a file's last newline, and where that is.
func tail(f *os.File) (part []byte, offset int64, err error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil, 0, err
	}
	from := max(0, info.Size()-MaxLine)
	end := make([]byte, info.Size()-from)
	if _, err := f.ReadAt(end, from); err != nil && err != io.EOF {
		return nil, 0, err
	}
	newline := bytes.LastIndexByte(end, '\n')
	if newline < 0 && from > 0 {
		return nil, 0, fmt.Errorf("%s is not a record of calls: its last line is longer than %d bytes", f.Name(), MaxLine)
	}
	return end[newline+1:], from + int64(newline) + 1, nil
}
