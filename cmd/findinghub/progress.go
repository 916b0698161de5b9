package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/schollz/progressbar/v3"

	"github.com/findinghub/findinghub/migrate"
)

// progress is a bar on a terminal and nothing anywhere else. The zero value shows nothing.
type progress struct {
	bar *progressbar.ProgressBar
	at  *atomic.Int64 // bytes read
}

// newProgress shows a bar.
func newProgress(bar *progressbar.ProgressBar) progress {
	return progress{bar: bar, at: new(atomic.Int64)}
}

// isTerminal says whether somebody may be looking at w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// importBar measures an import by the bytes of its files: how many findings they hold
// is only known at their end.
func (m *Main) importBar(sources []*source, quiet bool) progress {
	if quiet || !isTerminal(m.Stderr) {
		return progress{}
	}
	total := int64(0)
	for _, s := range sources {
		if s.size == 0 {
			return newProgress(m.bar(-1, "importing"))
		}
		total += s.size
	}
	return newProgress(m.bar(total, "importing"))
}

// exportBar counts findings: how many there will be is not known.
func (m *Main) exportBar(quiet bool) progress {
	if quiet || !isTerminal(m.Stderr) {
		return progress{}
	}
	return newProgress(m.bar(-1, "exporting"))
}

// migrateBar counts findings, too; the description says of how many.
func (m *Main) migrateBar(quiet bool) progress {
	if quiet || !isTerminal(m.Stderr) {
		return progress{}
	}
	return newProgress(m.bar(-1, "comparing"))
}

// bar draws on the standard error, so that what is asked for can be piped elsewhere; -1
// is a total that nobody knows. It vanishes at the end, where the summary stands.
func (m *Main) bar(total int64, doing string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(m.Stderr),
		progressbar.OptionSetDescription(doing),
		progressbar.OptionSetWidth(30),
		progressbar.OptionShowBytes(total > 0),
		progressbar.OptionThrottle(saveEvery/10),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetElapsedTime(true),
	)
}

// read says how many bytes have been read; done, what became of them.
func (p progress) read(n int64) {
	if p.at != nil {
		p.at.Store(n)
	}
}

// A bar that cannot be drawn is no reason to fail, so that its errors are nobody's.

func (p progress) done(l *ledger) {
	if p.bar == nil {
		return
	}
	imported, failed := l.totals()
	p.bar.Describe(fmt.Sprintf("%s imported, %s failed", thousands(imported), thousands(failed)))
	_ = p.bar.Set64(p.at.Load())
}

// count shows a number of findings.
func (p progress) count(n int) {
	if p.bar == nil {
		return
	}
	p.bar.Describe(thousands(n) + " exported")
	_ = p.bar.Add(1)
}

// migrated shows how far a migration of that many findings is.
func (p progress) migrated(at migrate.Progress, total int) {
	if p.bar == nil {
		return
	}
	doing := "compared"
	if at.Verifying {
		doing = "verified"
	}
	p.bar.Describe(fmt.Sprintf("%s of %s %s, %s written", thousands(at.Findings), thousands(total), doing, thousands(at.Written)))
	_ = p.bar.Add(1)
}

// finish removes the bar.
func (p progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
