package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func (b *Bench) dataDir() string { return filepath.Join(b.Dir, "data") }

// restarting times a start over the full store until the hub says that it is ready.
func (b *Bench) restarting(ctx context.Context) error {
	var times []float64
	for range b.Rounds {
		begin := time.Now()
		hub, err := b.serve(ctx, b.dataDir())
		if err != nil {
			return err
		}
		times = append(times, time.Since(begin).Seconds())
		if err := hub.stop(); err != nil {
			return err
		}
	}
	if file, err := os.Stat(filepath.Join(b.dataDir(), "findings.db")); err == nil {
		b.row("disk", fmt.Sprintf("SQLite at %d", b.Size), fmt.Sprintf("%d B a finding", file.Size()/int64(b.Size)), "", "")
	}
	b.row("restart", fmt.Sprintf("ready again with %d findings", b.Size), fmt.Sprintf("%.1f s", median(times)), "", "")
	return nil
}

// exporting times `findinghub export` of everything, account by account as its callers must.
func (b *Bench) exporting(ctx context.Context) error {
	hub, err := b.serve(ctx, b.dataDir())
	if err != nil {
		return err
	}
	defer hub.stop()
	begin, total := time.Now(), 0
	for i := range Accounts {
		cmd := exec.CommandContext(ctx, b.Self, "export", "--endpoint", "http://"+hub.addr, "--region", Region, "--account", Account(i))
		lines := &lineCounter{}
		cmd.Stdout, cmd.Stderr = lines, b.serverLog()
		if err := cmd.Run(); err != nil {
			return err
		}
		total += lines.n
	}
	if total < b.Size {
		return fmt.Errorf("exported %d of %d findings", total, b.Size)
	}
	b.row("export", fmt.Sprintf("%d findings as JSON lines", total), fmt.Sprintf("%.1f s", time.Since(begin).Seconds()), "", "")
	return nil
}

type lineCounter struct{ n int }

var _ io.Writer = (*lineCounter)(nil)

func (c *lineCounter) Write(p []byte) (int, error) {
	for _, ch := range p {
		if ch == '\n' {
			c.n++
		}
	}
	return len(p), nil
}
