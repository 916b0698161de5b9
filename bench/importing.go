package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
)

// slice is how many findings one timed stretch imports. Hub and floor take turns, so
// that a machine whose speed drifts slows both.
const slice = 10_000

// importing times imports and updates against the floor, from an empty store up to
// Options.Size findings, and leaves the store behind for the other benchmarks.
func (b *Bench) importing(ctx context.Context) error {
	hub, err := b.serve(ctx, filepath.Join(b.Dir, "data"))
	if err != nil {
		return err
	}
	defer hub.stop()
	floor, err := b.serveFloor(ctx)
	if err != nil {
		return err
	}
	defer floor.stop()
	g := NewGenerator(1, b.Size, b.Now)
	pair := func(name string, make func(round int) ([]request, error)) (float64, error) {
		return b.pair(ctx, name, hub, floor, make)
	}
	import_ := func(from, round int) func(int) ([]request, error) {
		return func(r int) ([]request, error) { return imports(g, from+r*slice, slice, round), nil }
	}
	// One untimed stretch each, so that neither pays for its first allocations.
	if _, err := send(ctx, hub.addr, imports(g, b.Size+1_000_000, slice, 0)); err != nil {
		return err
	}
	if _, err := send(ctx, floor.addr, imports(g, b.Size+1_000_000, slice, 0)); err != nil {
		return err
	}
	empty, err := pair("new, empty store", import_(0, 0))
	if err != nil {
		return err
	}
	if _, err := pair("again, small store", import_(0, 1)); err != nil {
		return err
	}
	last := b.Size - (b.Rounds+1)*slice
	if err := b.fill(ctx, hub.addr, g, b.Rounds*slice, last); err != nil {
		return err
	}
	full, err := pair(fmt.Sprintf("new at %d stored", b.Size), import_(last, 0))
	if err != nil {
		return err
	}
	if _, err := pair(fmt.Sprintf("again at %d stored", b.Size), import_(b.Size/2, 1)); err != nil {
		return err
	}
	updated, err := b.updating(ctx, hub.addr, g)
	if err != nil {
		return err
	}
	b.row("import", fmt.Sprintf("rate at %d over rate when empty", b.Size), "", "", fmt.Sprintf("%.2f", full/empty))
	b.row("import", "BatchUpdateFindings over import, both at full size", fmt.Sprintf("%.0f/s", updated), fmt.Sprintf("import %.0f/s", full), fmt.Sprintf("%.2f", updated/full))
	return nil
}

// pair times rounds of requests on hub and floor in turn and gives the hub's rate.
func (b *Bench) pair(ctx context.Context, name string, hub, floor *process, make func(round int) ([]request, error)) (float64, error) {
	var hubs, floors []float64
	var hubCPU, floorCPU float64
	for round := range b.Rounds {
		rs, err := make(round)
		if err != nil {
			return 0, err
		}
		for _, side := range []struct {
			p     *process
			rates *[]float64
			cpu   *float64
		}{{floor, &floors, &floorCPU}, {hub, &hubs, &hubCPU}} {
			before := side.p.cpu()
			rate, err := send(ctx, side.p.addr, rs)
			if err != nil {
				return 0, err
			}
			*side.rates = append(*side.rates, rate)
			*side.cpu += side.p.cpu() - before
		}
	}
	each := 1e6 / float64(b.Rounds*slice)
	b.row("import", name, fmt.Sprintf("%.0f/s, %.0f us CPU each", median(hubs), hubCPU*each),
		fmt.Sprintf("floor %.0f/s, %.0f us", median(floors), floorCPU*each), fmt.Sprintf("%.2f", median(hubs)/median(floors)))
	return median(hubs), nil
}

func (b *Bench) updating(ctx context.Context, addr string, g *Generator) (float64, error) {
	var rates []float64
	for round := range b.Rounds {
		rs, err := updates(g, b.Size/4+round*slice, slice, round)
		if err != nil {
			return 0, err
		}
		rate, err := send(ctx, addr, rs)
		if err != nil {
			return 0, err
		}
		rates = append(rates, rate)
	}
	return median(rates), nil
}

// fill imports findings [from, to) without timing them.
func (b *Bench) fill(ctx context.Context, addr string, g *Generator, from, to int) error {
	for at := from; at < to; at += slice {
		if _, err := send(ctx, addr, imports(g, at, min(slice, to-at), 0)); err != nil {
			return err
		}
		if at%100_000 == 0 {
			b.logf("%d findings stored", at)
		}
	}
	return nil
}

func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	return s[len(s)/2]
}

// percentile gives the p-th percentile (0-100) of xs.
func percentile(xs []float64, p int) float64 {
	s := slices.Sorted(slices.Values(xs))
	return s[min(len(s)-1, len(s)*p/100)]
}
