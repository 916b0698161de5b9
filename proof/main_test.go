package proof

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// program is the variable that holds the program's path, also for test processes that this one starts.
const program = "PROOF_PROGRAM"

// TestMain builds the program once and starts one PostgreSQL server for those tests that leave it alive.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Getenv(program) != "" {
		return pgtest.Main(m)
	}
	dir, err := os.MkdirTemp("", "proof-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "findinghub")
	if out, err := exec.Command("go", "build", "-o", path, "../cmd/findinghub").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv(program, path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return pgtest.Main(m)
}

// long says whether the long form is asked for.
func long() bool { return os.Getenv("PROOF") == "long" }

// rounds is how often something is to be tried.
func rounds(short, many int) int {
	if long() {
		return many
	}
	return short
}
