package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

func openHere(t *testing.T, o Options) *Engine {
	t.Helper()
	o.URL = pgtest.Database(t, t.TempDir())
	e, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// begun gives a transaction that has written its receipt and a record, and is not committed.
func begun(t *testing.T, e *Engine) *transaction {
	t.Helper()
	conn, err := e.writers.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Release)
	tx, err := e.newTransaction(conn, "a", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	tx.exec(putRecord+"NOTHING", "a", "", "c", []byte("n"), []byte("body"))
	if err := tx.flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	return tx
}

var errCause = errors.New("the cause")

// TestSettle: what became of a transaction is found out, whatever it was.
func TestSettle(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := openHere(t, Options{Patience: 20 * time.Second})
	t.Run("committed", func(t *testing.T) {
		tx := begun(t, e)
		if err := tx.commit(ctx); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := e.settle(ctx, "a", tx.token, errCause); err != nil {
				t.Errorf("a transaction that was committed: %v", err)
			}
		}
	})
	t.Run("undone", func(t *testing.T) {
		tx := begun(t, e)
		tx.abort(ctx)
		for range 2 {
			if err := e.settle(ctx, "a", tx.token, errCause); !errors.Is(err, errUndone) {
				t.Errorf("a transaction that was undone: %v", err)
			}
		}
	})
	t.Run("given up before it began", func(t *testing.T) {
		conn, err := e.writers.Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		tx, err := e.newTransaction(conn, "a", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.settle(ctx, "a", tx.token, errCause); !errors.Is(err, errUndone) {
			t.Errorf("a transaction that is not there: %v", err)
		}
		if err := tx.commit(ctx); !hasCode(err, "23505") {
			t.Errorf("it was committed afterwards: %v", err)
		}
	})
	for _, commit := range []bool{true, false} {
		t.Run(fmt.Sprint("still running, to be committed: ", commit), func(t *testing.T) {
			tx := begun(t, e)
			told := make(chan error, 1)
			go func() { told <- e.settle(ctx, "a", tx.token, errCause) }()
			waitForLock(t, e)
			want := errUndone
			if commit {
				want = nil
				if err := tx.commit(ctx); err != nil {
					t.Error(err)
				}
			} else {
				tx.abort(ctx)
			}
			if err := <-told; !errors.Is(err, want) {
				t.Errorf("it is told to be %v, want %v", err, want)
			}
		})
	}
}

// waitForLock waits until a connection of the database waits for another.
func waitForLock(t *testing.T, e *Engine) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(time.Minute); ; {
		var n int
		if err := e.readers.QueryRow(context.Background(), "SELECT count(*) FROM pg_locks WHERE NOT granted").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("nobody waits for the transaction")
		}
	}
}

// TestSettleUnknown: what cannot be found out is an error that says so, never a success.
func TestSettleUnknown(t *testing.T) {
	t.Parallel()
	e := openHere(t, Options{Patience: 300 * time.Millisecond, LockWait: 50 * time.Millisecond})
	tx := begun(t, e)
	defer tx.abort(context.Background())
	err := e.settle(context.Background(), "a", tx.token, errCause)
	var own *findinghub.Error
	if !errors.As(err, &own) || own.Code != findinghub.CodeUnavailable || !strings.Contains(own.Message, "unknown") || !errors.Is(err, errCause) {
		t.Errorf("a transaction that runs on: %v", err)
	}
}

// TestClasses: which errors are tried again.
func TestClasses(t *testing.T) {
	t.Parallel()
	code := func(c string) error { return fmt.Errorf("in a wrapping: %w", &pgconn.PgError{Code: c}) }
	for _, c := range []struct {
		err                    error
		conflict, locked, lost bool
	}{
		{nil, false, false, false},
		{code("40001"), true, false, false}, {code("40P01"), true, false, false}, {code("55P03"), false, true, false},
		{code("08006"), false, false, true}, {code("57P01"), false, false, true}, {code("57P03"), false, false, true},
		{code("25006"), false, false, true}, {code("53300"), false, false, true}, {code("53100"), false, false, false},
		{code("57014"), false, false, false}, {code("23505"), false, false, false},
		{io.ErrUnexpectedEOF, false, false, true}, {context.DeadlineExceeded, false, false, true}, {context.Canceled, false, false, false},
		{errCorrupt, false, false, false}, {errBug, false, false, false}, {findinghub.Internal(io.EOF), false, false, false},
	} {
		if isConflict(c.err) != c.conflict || isLocked(c.err) != c.locked || isLost(c.err) != c.lost {
			t.Errorf("%v: conflict %t, locked %t, lost %t", c.err, isConflict(c.err), isLocked(c.err), isLost(c.err))
		}
	}
}

// TestNoRandomness: without a token nothing is begun.
func TestNoRandomness(t *testing.T) {
	t.Parallel()
	e := openHere(t, Options{Random: bytes.NewReader(nil)})
	if _, err := e.Apply(context.Background(), mutations([]finding.Stored{smallFinding("a")})); err == nil {
		t.Error("a transaction without a token")
	}
}

// TestHousekeeping: receipts that nobody asks for any more go by themselves.
func TestHousekeeping(t *testing.T) {
	t.Parallel()
	e := openHere(t, Options{Housekeeping: 5 * time.Millisecond})
	ctx := context.Background()
	if err := e.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	err := e.once(ctx, e.writers, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, "INSERT INTO receipt VALUES ('a', gen_random_uuid(), true, now() - interval '2 hours')")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	n := 0
	for end := time.After(time.Minute); ; {
		if err := e.readers.QueryRow(ctx, "SELECT count(*) FROM receipt").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 1 { // that of Ready, which is new
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%d receipts are left, want 1", n)
		}
	}
}
