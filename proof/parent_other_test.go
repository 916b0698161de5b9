//go:build !linux

package proof

import "syscall"

// withParent has nothing to say where processes do not know when their parents end.
func withParent() *syscall.SysProcAttr { return nil }
