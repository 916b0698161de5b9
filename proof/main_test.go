package proof

import (
	"fmt"
	"io/fs"
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

// TestSources looks at every file that the program may be built from. go test gives an old result again for as long as what tests
// were seen looking at is the same, and it does not see what a compiler reads that TestMain starts.
func TestSources(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			_, err = os.Stat(path)
			seen[path] = true
		case d.Name() == ".git" || d.Name() == "bin":
			err = filepath.SkipDir
		}
		return err
	})
	if err != nil || !seen["../go.mod"] || !seen["../cmd/findinghub/main.go"] {
		t.Errorf("%d files, %v: the program's are not among them", len(seen), err)
	}
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
