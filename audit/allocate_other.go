//go:build !linux

package audit

import "errors"

// Allocate implements handle: elsewhere no call sets blocks aside without changing the size.
func (f diskFile) Allocate(int64, int64) error { return errors.ErrUnsupported }
