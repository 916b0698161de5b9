package bench

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// telling times imports that make events, which a file is told, beside imports that make none, over each engine.
func (b *Bench) telling(ctx context.Context) error {
	err := b.tellingOver(ctx, "SQLite", nil, func(name string, flags ...string) (*process, error) {
		return b.serve(ctx, filepath.Join(b.Dir, name), flags...)
	})
	if err != nil {
		return err
	}
	return b.withServer(func(ctx context.Context, p *postgres) error {
		return b.tellingOver(ctx, "PostgreSQL", p, func(name string, flags ...string) (*process, error) {
			url, err := p.database(ctx, strings.ReplaceAll(name, "-", "_"))
			if err != nil {
				return nil, err
			}
			return b.serveOver(ctx, name+"-over", url, flags...)
		})
	})(ctx)
}

func (b *Bench) tellingOver(ctx context.Context, engine string, p *postgres, serve func(name string, flags ...string) (*process, error)) error {
	targets := filepath.Join(b.Dir, "targets-"+engine+".yaml")
	text := fmt.Sprintf("retention: 1m\ntargets:\n  - {name: lines, kind: file, path: %q}\n", filepath.Join(b.Dir, "events-"+engine+".jsonl"))
	if err := os.WriteFile(targets, []byte(text), 0o600); err != nil {
		return err
	}
	silent, err := serve("events-off")
	if err != nil {
		return err
	}
	defer silent.stop()
	telling, err := serve("events-on", "--events", targets)
	if err != nil {
		return err
	}
	defer telling.stop()
	g := NewGenerator(1, b.Size, b.Now)
	for again, name := range []string{"new", "again"} {
		off, on := b.importer(silent, p, g, again), b.importer(telling, p, g, again)
		if err := b.compare(ctx, off, on); err != nil {
			return err
		}
		b.row("events", fmt.Sprintf("%s, %s: told to a file", engine, name), on.String(), "no events "+off.String(),
			fmt.Sprintf("rate %.2f, CPU %.2f", on.rate()/off.rate(), on.each("hub", "PostgreSQL")/off.each("hub", "PostgreSQL")))
	}
	return nil
}

// importer sends a hub findings. Of events that are still to be told when the last import is
// answered, the telling counts as processor time and not as time.
func (b *Bench) importer(hub *process, p *postgres, g *Generator, again int) *side {
	s := &side{meters: []meter{{"hub", hub.cpu}}}
	if p != nil {
		s.meters = append(s.meters, meter{"PostgreSQL", p.cpu})
	}
	var rs []request
	s.prepare = func(_ context.Context, round int) error {
		rs = imports(g, round*slice, slice, again)
		return nil
	}
	s.run = func(ctx context.Context, _ int) (float64, error) {
		rate, err := send(ctx, hub.addr, rs)
		if err != nil {
			return 0, err
		}
		return rate, hub.told(ctx)
	}
	return s
}

// told waits until no event is left to be told, for ten minutes at most.
func (p *process) told(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	for {
		left, err := p.backlog(ctx)
		if err != nil || !left {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("events are left to be told: %w", ctx.Err())
		case <-time.After(500 * time.Millisecond): // each look costs the hub a count
		}
	}
}

// backlog says whether a target is behind. A hub without targets has no such metric.
func (p *process) backlog(ctx context.Context) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/metrics", nil)
	if err != nil {
		return false, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	left := false
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "findinghub_event_backlog{") && !strings.HasSuffix(lines.Text(), " 0") {
			left = true
		}
	}
	return left, lines.Err()
}
