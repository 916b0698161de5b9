package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// motoVersion is pinned so that runs can be compared.
const motoVersion = "5.2.5"

// motoStored is how far moto is filled, if it gets there in motoTime: it slows down with
// every finding it holds, so that its rate until then is more than it would be in the end.
const (
	motoStored = 100_000
	motoTime   = 4 * time.Minute
)

// againstMoto imports the same requests into moto's server and into a new hub: once
// when both are empty, once from nothing to motoStored findings.
func (b *Bench) againstMoto(ctx context.Context) error {
	server, err := b.installMoto(ctx)
	if err != nil {
		b.logf("SKIP moto: %v", err)
		b.row("moto", "moto side by side", "", "skipped: "+err.Error(), "")
		return nil
	}
	hub, err := b.serve(ctx, filepath.Join(b.Dir, "moto-peer"))
	if err != nil {
		return err
	}
	defer hub.stop()
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	host, port := addr[:len("127.0.0.1")], addr[len("127.0.0.1:"):]
	moto, err := start(ctx, b.serverLog(), addr, "/moto-api/", nil, server, "-H", host, "-p", port)
	if err != nil {
		return err
	}
	defer moto.stop()
	g := NewGenerator(1, b.Size, b.Now)
	const few = 2_000
	if err := b.race(ctx, "both empty", hub, moto, imports(g, 0, few, 0)); err != nil {
		return err
	}
	return b.race(ctx, fmt.Sprintf("from 0 to %d stored", motoStored), hub, moto, imports(g, few, motoStored-few, 0))
}

// race times both sides on the same requests. moto is stopped after motoTime; what it
// took until then is its rate, which only flatters it.
func (b *Bench) race(ctx context.Context, name string, hub, moto *process, rs []request) error {
	ours, err := send(ctx, hub.addr, rs)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, motoTime)
	defer cancel()
	theirs, stored, err := sendCounting(limited, moto.addr, rs)
	note := ""
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		note = fmt.Sprintf(" (stopped at %d after %s)", stored, motoTime)
	case err != nil:
		return err
	}
	b.row("moto", "import, "+name, fmt.Sprintf("%.0f/s", ours), fmt.Sprintf("moto %.0f/s%s", theirs, note), fmt.Sprintf("%.1f", ours/theirs))
	return nil
}

// installMoto makes a virtual environment with moto's server.
func (b *Bench) installMoto(ctx context.Context) (string, error) {
	venv := filepath.Join(b.Dir, "moto")
	for _, args := range [][]string{
		{"python3", "-m", "venv", venv},
		{filepath.Join(venv, "bin", "pip"), "install", "--quiet", "moto[server]==" + motoVersion},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w: %.200s", args[0], err, out)
		}
	}
	return filepath.Join(venv, "bin", "moto_server"), nil
}
