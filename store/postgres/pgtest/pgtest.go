// Package pgtest starts PostgreSQL servers for tests: real ones, from Debian's package
// postgresql, each with its data in a directory of its own and on a free port of 127.0.0.1. They
// write as durably as in production, and go when the test does, however it ends.
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//	func TestX(t *testing.T)    { url := pgtest.Database(t, t.TempDir()) ... }
package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// serverURL is the variable that tells a test binary, and those that it starts, of its server.
const serverURL = "PGTEST_SERVER_URL"

// Main runs a binary's tests with one server for all of them and gives the exit code. A binary that was
// started by another one with a server uses that one, so that it sees the same databases.
func Main(m *testing.M) int {
	if os.Getenv(serverURL) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	s, err := Start(context.Background(), dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer s.Stop()
	if err := os.Setenv(serverURL, s.URL("postgres")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Database gives the URL of a database on the binary's server that is named after a directory, and makes it when
// it is not there: the same directory is the same database, also for other processes.
func Database(t testing.TB, dir string) string {
	t.Helper()
	server := os.Getenv(serverURL)
	if server == "" {
		t.Fatal("pgtest: no server: TestMain must call pgtest.Main")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	sum := sha256.Sum256([]byte(dir))
	name := "t" + hex.EncodeToString(sum[:10])
	if err := createDatabase(ctx, server, name); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return withDatabase(server, name)
}

// createDatabase makes a database unless it exists.
func createDatabase(ctx context.Context, server, name string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	var pe *pgconn.PgError
	if errors.As(err, &pe) && (pe.Code == "42P04" || pe.Code == "23505") {
		return nil
	}
	return err
}

// withDatabase is a server's URL with another database.
func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err) // it is our own
	}
	u.Path = "/" + strings.TrimPrefix(name, "/")
	return u.String()
}
