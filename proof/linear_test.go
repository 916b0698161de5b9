package proof

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// operation is what a client asks of one finding.
type operation int

const (
	opImport operation = iota
	opUpdate
	opGet
	opHistory
)

// input is one call, output what it was answered.
type (
	input struct {
		op      operation
		finding int
		n       int // the version of an import, the number of an update
	}
	output struct {
		outcome outcome // of a write
		state           // of a get
		records int     // of a history
	}
	// register is a finding as the model has it.
	register struct {
		state
		records int
	}
)

// model is what one finding must be to all who see it: a register that an import moves when it is newer, and an update
// always, once the finding is there; and a history that has a record of each.
var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := map[int][]porcupine.Operation{}
		for _, op := range history {
			f := op.Input.(input).finding
			parts[f] = append(parts[f], op)
		}
		var all [][]porcupine.Operation
		for _, part := range parts {
			all = append(all, part)
		}
		return all
	},
	Init: func() any { return register{} },
	Step: func(was, in, out any) (bool, any) { return step(was.(register), in.(input), out.(output)) },
	DescribeOperation: func(in, out any) string {
		return fmt.Sprintf("%+v -> %+v", in, out)
	},
}

// step says whether an answer is right in a state, and what the state is afterwards. A write whose outcome is unknown has no
// end, so that it may also happen after all that anybody saw.
func step(s register, in input, out output) (bool, register) {
	switch in.op {
	case opGet:
		return out.state == s.state, s
	case opHistory:
		return out.records == s.records, s
	case opImport:
		if out.outcome != refused && in.n > s.version {
			s.version, s.records = in.n, s.records+1
		}
		return true, s
	default:
		if out.outcome == refused {
			return true, s // it lost against other updates, or there is no finding yet
		}
		if s.version == 0 {
			return out.outcome == unknown, s // what is not there cannot be updated
		}
		s.update, s.records = in.n, s.records+1
		return true, s
	}
}

// recorder is what all clients of one run did, in the order of their clocks, which is one.
type recorder struct {
	mu      sync.Mutex
	began   time.Time
	all     []porcupine.Operation
	clients int
	writes  atomic.Int64 // numbers writes, over all clients
}

func (r *recorder) now() int64 { return time.Since(r.began).Nanoseconds() }

// add takes in a call that has ended. One without a known end goes on for ever.
func (r *recorder) add(client int, in input, out output, call int64) {
	end := r.now()
	if out.outcome == unknown {
		end = math.MaxInt64
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: call, Return: end})
}

// newClient names a client. Who does not know what became of its call goes on as another one.
func (r *recorder) newClient() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clients++
	return r.clients
}

// client makes so many random calls.
func (r *recorder) client(hub func() *process, random *rand.Rand, run, findings, calls int) {
	id := r.newClient()
	for range calls {
		in := input{op: operation(random.IntN(4)), finding: random.IntN(findings)}
		if in.op < opGet {
			in.n = int(r.writes.Add(1))
		}
		call := r.now()
		out, ok := perform(hub(), fmt.Sprintf("run%d-%d", run, in.finding), in)
		if !ok {
			continue // a read without an answer says nothing
		}
		r.add(id, in, out, call)
		if out.outcome == unknown {
			id = r.newClient()
		}
	}
}

// perform makes one call.
func perform(p *process, id string, in input) (out output, ok bool) {
	switch in.op {
	case opImport:
		return output{outcome: p.importAll([]string{id}, in.n)[0]}, true
	case opUpdate:
		return output{outcome: p.updateAll([]string{id}, in.n)[0]}, true
	case opGet:
		found, err := p.get(id)
		if err != nil {
			return out, false
		}
		if raw := found[id]; raw != nil {
			if _, out.state, err = stateOf(raw); err != nil {
				out.version = -1 // no state that there ever was
			}
		}
		return out, true
	default:
		imports, updates, err := p.records(id)
		return output{records: imports + updates}, err == nil
	}
}

// seat is where clients find a hub; while it is being started again they wait.
type seat struct {
	mu   sync.RWMutex
	p    *process
	args []string
}

func (s *seat) hub() *process {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.p
}

// restart kills the hub and starts it again.
func (s *seat) restart(t testing.TB) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.p.kill()
	s.p = start(t, s.args...)
}

// seats are the hubs that share one new store: as many as the engine allows.
func seats(t testing.TB, e engine) []*seat {
	args := e.place(t)
	list := []*seat{{args: args, p: start(t, args...)}}
	if e.name == "PostgreSQL" {
		args = onDatabase(t, args[1])
		list = append(list, &seat{args: args, p: start(t, args...)})
	}
	return list
}

// linearRun lets clients work on two hubs at once, or on one, and checks what they saw.
func linearRun(t *testing.T, run int, hubs []*seat, disturb func()) (calls, open int) {
	t.Helper()
	const clients, findings, each = 6, 3, 60
	r := &recorder{began: time.Now()}
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			r.client(hubs[c%len(hubs)].hub, rand.New(rand.NewPCG(uint64(run), uint64(c))), run, findings, each)
		})
	}
	if disturb != nil {
		disturb()
	}
	wg.Wait()
	// A last look at each finding, when all is quiet, closes what can be closed.
	for f := range findings {
		for _, op := range []operation{opGet, opHistory} {
			call := r.now()
			if out, ok := perform(hubs[0].hub(), fmt.Sprintf("run%d-%d", run, f), input{op: op, finding: f}); ok {
				r.add(r.newClient(), input{op: op, finding: f}, out, call)
			}
		}
	}
	for _, op := range r.all {
		if op.Return == math.MaxInt64 {
			open++
		}
	}
	if got := porcupine.CheckOperationsTimeout(model, r.all, time.Minute); got != porcupine.Ok {
		t.Errorf("run %d: %d calls are %s", run, len(r.all), got)
		for _, op := range r.all {
			t.Logf("%12d %12d client %d: %s", op.Call, op.Return, op.ClientId, model.DescribeOperation(op.Input, op.Output))
		}
	}
	return len(r.all), open
}

// TestLinearizable: whatever clients do to a finding at once, and through whichever hub, each sees it as if all had been
// done one after the other, in an order that their clocks allow; also while a hub is killed and started again.
func TestLinearizable(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine) {
		hubs := seats(t, e)
		random := rand.New(rand.NewPCG(11, 13))
		calls, open := 0, 0
		n := rounds(2, 100)
		for run := range n {
			var disturb func()
			if run%2 == 1 {
				disturb = func() {
					<-time.After(time.Duration(random.IntN(100)) * time.Millisecond) // a random moment
					hubs[len(hubs)-1].restart(t)
				}
			}
			c, o := linearRun(t, run, hubs, disturb)
			calls, open = calls+c, open+o
			if t.Failed() {
				break
			}
		}
		t.Logf("%d runs, %d calls, %d of them with unknown outcome", n, calls, open)
	})
}

// TestModelRefuses: the model tells what is wrong; otherwise the test above could not fail.
func TestModelRefuses(t *testing.T) {
	t.Parallel()
	done := func(call, end int64, in input, out output) porcupine.Operation {
		return porcupine.Operation{Call: call, Return: end, Input: in, Output: out}
	}
	first := done(0, 1, input{op: opImport, n: 1}, output{})
	for name, c := range map[string]struct {
		history []porcupine.Operation
		want    bool
	}{
		"a read of what was written":    {[]porcupine.Operation{first, done(2, 3, input{op: opGet}, output{state: state{version: 1}})}, true},
		"a stale read":                  {[]porcupine.Operation{first, done(2, 3, input{op: opGet}, output{})}, false},
		"a read at the same time":       {[]porcupine.Operation{first, done(0, 3, input{op: opGet}, output{})}, true},
		"a lost update":                 {[]porcupine.Operation{first, done(2, 3, input{op: opUpdate, n: 2}, output{}), done(4, 5, input{op: opHistory}, output{records: 1})}, false},
		"an update done twice":          {[]porcupine.Operation{first, done(2, 3, input{op: opUpdate, n: 2}, output{}), done(4, 5, input{op: opHistory}, output{records: 3})}, false},
		"an older import that won":      {[]porcupine.Operation{done(0, 1, input{op: opImport, n: 5}, output{}), done(2, 3, input{op: opImport, n: 4}, output{}), done(4, 5, input{op: opGet}, output{state: state{version: 4}})}, false},
		"an update of nothing":          {[]porcupine.Operation{done(0, 1, input{op: opUpdate, n: 2}, output{})}, false},
		"an open write that happened":   {[]porcupine.Operation{first, done(2, math.MaxInt64, input{op: opUpdate, n: 2}, output{outcome: unknown}), done(4, 5, input{op: opGet}, output{state: state{1, 2}})}, true},
		"an open write that did not":    {[]porcupine.Operation{first, done(2, math.MaxInt64, input{op: opUpdate, n: 2}, output{outcome: unknown}), done(4, 5, input{op: opGet}, output{state: state{version: 1}})}, true},
		"an open write that went away":  {[]porcupine.Operation{first, done(2, math.MaxInt64, input{op: opUpdate, n: 2}, output{outcome: unknown}), done(4, 5, input{op: opGet}, output{state: state{1, 2}}), done(6, 7, input{op: opGet}, output{state: state{version: 1}})}, false},
		"a refused write that happened": {[]porcupine.Operation{first, done(2, 3, input{op: opUpdate, n: 2}, output{outcome: refused}), done(4, 5, input{op: opGet}, output{state: state{1, 2}})}, false},
	} {
		if got := porcupine.CheckOperations(model, c.history); got != c.want {
			t.Errorf("%s: linearizable is %t", name, got)
		}
	}
}
