package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// side is one of those that are compared, round by round and in turn.
type side struct {
	// prepare makes ready what a round needs, off the clocks; nil where that is nothing.
	prepare func(ctx context.Context, round int) error
	// run does a round of slice findings and gives its rate in findings per second.
	run func(ctx context.Context, round int) (float64, error)
	// meters tell the processor time used so far, in seconds, of each who takes part.
	meters []meter

	rates []float64
	used  []float64 // by meter, over all counted rounds
	took  float64   // seconds of all counted rounds
	spent float64   // processor time of the whole machine meanwhile, in seconds
}

// meter is a participant with its processor time.
type meter struct {
	name string
	cpu  func() float64
}

// client is the processor time of the benchmark itself.
func client() meter {
	return meter{"client", func() float64 {
		var u syscall.Rusage
		if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
			return 0
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
	}}
}

// compare lets sides take turns. The first round is not counted: nobody pays for first allocations and plans.
func (b *Bench) compare(ctx context.Context, sides ...*side) error {
	for round := range b.Rounds + 1 {
		for _, s := range sides {
			if err := s.round(ctx, round); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *side) round(ctx context.Context, round int) error {
	if s.prepare != nil {
		if err := s.prepare(ctx, round); err != nil {
			return err
		}
	}
	before := make([]float64, len(s.meters))
	for i, m := range s.meters {
		before[i] = m.cpu()
	}
	others := machineTime()
	rate, err := s.run(ctx, round)
	if err != nil || round == 0 {
		s.used = make([]float64, len(s.meters))
		return err
	}
	s.rates = append(s.rates, rate)
	s.took += slice / rate
	s.spent += machineTime() - others
	for i, m := range s.meters {
		s.used[i] += m.cpu() - before[i]
	}
	return nil
}

// rate is the median over the rounds.
func (s *side) rate() float64 { return median(s.rates) }

// each is the processor time of some participants for one finding, in microseconds; without names, of all.
func (s *side) each(names ...string) float64 {
	total := 0.0
	for i, m := range s.meters {
		if len(names) == 0 || slices.Contains(names, m.name) {
			total += s.used[i]
		}
	}
	return total * 1e6 / float64(len(s.rates)*slice)
}

// busy says how much of the machine's processors the participants used, and all that ran: where the latter is
// near 100 % the processors are what limits the rate.
func (s *side) busy() string {
	all := s.took * float64(runtime.NumCPU()) / 100
	return fmt.Sprintf("processors busy %.0f %%, %.0f %% with other work", s.each()*float64(len(s.rates)*slice)/1e6/all, s.spent/all)
}

// machineTime is the processor time that everything on this machine has used since it started, in seconds.
func machineTime() float64 {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	var total float64
	// cpu, then ticks of user, nice, system, idle, waiting for disks, interrupts and what the host took.
	for i, word := range strings.Fields(line) {
		if n, err := strconv.ParseFloat(word, 64); err == nil && i != 4 && i != 5 && i < 9 {
			total += n / ticks
		}
	}
	return total
}

// String is the side as a cell of the report.
func (s *side) String() string {
	var parts []string
	for _, m := range s.meters {
		parts = append(parts, fmt.Sprintf("%s %.0f us", m.name, s.each(m.name)))
	}
	return fmt.Sprintf("%.0f/s; CPU each: %s", s.rate(), strings.Join(parts, ", "))
}
