package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// databaseFile is the embedded engine's file in a data directory.
const databaseFile = "findings.db"

// sumsFile has the sum of every other file of a backup. It is written last.
const sumsFile = "SHA256SUMS"

// sum is one file of a backup with its SHA-256, in hexadecimal.
type sum struct{ name, hash string }

// writeSums writes the sums of a directory's files and makes the directory durable.
func writeSums(ctx context.Context, dir string, names []string) error {
	var text strings.Builder
	for _, name := range names {
		hash, err := hashFile(ctx, filepath.Join(dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s  %s\n", hash, name)
	}
	if err := os.WriteFile(filepath.Join(dir, sumsFile), []byte(text.String()), 0o600); err != nil {
		return err
	}
	return errors.Join(syncPath(filepath.Join(dir, sumsFile)), syncPath(dir))
}

// readSums reads what a backup says of itself.
func readSums(dir string) ([]sum, error) {
	data, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("%s is no backup: it has no %s", dir, sumsFile)
	}
	if err != nil {
		return nil, usageError{err}
	}
	sums, err := parseSums(data)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", filepath.Join(dir, sumsFile), err)
	}
	return sums, nil
}

// parseSums takes lines as sha256sum writes them, of files that a backup may have.
func parseSums(data []byte) (sums []sum, err error) {
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		hash, name, _ := strings.Cut(lines.Text(), "  ")
		if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha256.Size {
			return nil, fmt.Errorf("line %d has no sum", len(sums)+1)
		}
		if !slices.Contains([]string{databaseFile, managedFile, sealKeyFile}, name) {
			return nil, fmt.Errorf("line %d names %q, which no backup has", len(sums)+1, name)
		}
		if slices.ContainsFunc(sums, func(s sum) bool { return s.name == name }) {
			return nil, fmt.Errorf("line %d names %s again", len(sums)+1, name)
		}
		sums = append(sums, sum{name, strings.ToLower(hash)})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(sums, func(s sum) bool { return s.name == databaseFile }) {
		return nil, fmt.Errorf("it does not name %s", databaseFile)
	}
	return sums, nil
}

// verify is an error when a file is not what its sum says.
func (s sum) verify(dir, hash string) error {
	if hash != s.hash {
		return fmt.Errorf("%s is damaged: its SHA-256 is %.16s… and should be %.16s…", filepath.Join(dir, s.name), hash, s.hash)
	}
	return nil
}

// hashFile gives a file's SHA-256 in hexadecimal.
func hashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	return hashed(h, pour(ctx, h, f))
}

// copyFile copies a file to where none is, for its owner only, makes it durable and gives its SHA-256.
func copyFile(ctx context.Context, from, to string) (string, error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	err = pour(ctx, io.MultiWriter(out, h), in)
	return hashed(h, errors.Join(err, out.Sync(), out.Close()))
}

func hashed(h hash.Hash, err error) (string, error) { return hex.EncodeToString(h.Sum(nil)), err }

// pour copies until the end or until the context ends: files may have many gigabytes.
func pour(ctx context.Context, to io.Writer, from io.Reader) error {
	const step = 4 << 20
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(to, from, step)
		if err == io.EOF && n < step {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// syncPath makes a file, or the names in a directory, durable.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// exists says whether there is something that can be looked at.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
