package audit

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Allocate implements handle.
func (f diskFile) Allocate(offset, bytes int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, offset, bytes)
		if !errors.Is(err, unix.EINTR) {
			return err // EOPNOTSUPP and ENOSYS are errors.ErrUnsupported
		}
	}
}
