package proof

import "syscall"

// withParent lets a process end with this one, also where a test is cut off.
func withParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
