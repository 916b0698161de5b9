package main

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/auth"
)

// item is one finding on its way to the hub.
type item struct {
	source *source
	index  int // in its source: the findings before it
	id     string
	raw    jsontext.Value
}

// batch is what one request carries: findings of one caller.
type batch struct {
	as    caller
	items []item
	size  int // of the findings, in bytes
	first int // place of the oldest item among all that were read
}

// The bounds of what the batcher holds back while it fills batches. An account with few
// findings must neither keep them from the hub for long, because until then a resumed
// import starts before them, nor may many such accounts fill the memory.
const (
	maxLag      = 10_000   // findings
	maxHeld     = 64 << 20 // bytes
	lagInterval = 1_000    // findings between two looks for old batches
)

// envelope is what the request adds to its findings, in bytes, generously.
const envelope = 64

// batcher sorts findings by caller into batches as large as the API takes.
type batcher struct {
	emit func(batch) error // may block
	open map[caller]*batch
	read int // findings seen
	held int // bytes in open batches
}

// newBatcher makes an empty batcher. emit gets a batch that nobody else holds, and may
// block: that is how slow answers slow the reading down, so that files of any size pass
// through little memory.
func newBatcher(emit func(batch) error) *batcher {
	return &batcher{emit: emit, open: map[caller]*batch{}}
}

// add puts a finding into its caller's batch and emits the batches that are full or old.
func (b *batcher) add(as caller, it item) error {
	if open := b.open[as]; open != nil && open.size+len(it.raw)+len(open.items)+envelope >= asff.MaxBatchSize {
		if err := b.release(as); err != nil {
			return err
		}
	}
	open := b.open[as]
	if open == nil {
		open = &batch{as: as, first: b.read}
		b.open[as] = open
	}
	open.items = append(open.items, it)
	open.size += len(it.raw)
	b.held += len(it.raw)
	b.read++
	if len(open.items) == asff.MaxBatch {
		if err := b.release(as); err != nil {
			return err
		}
	}
	return b.settle()
}

// settle emits what has been held back for too long or is too much.
func (b *batcher) settle() error {
	if b.held > maxHeld {
		return b.flush()
	}
	if b.read%lagInterval != 0 {
		return nil
	}
	for as, open := range b.open {
		if open.first < b.read-maxLag {
			if err := b.release(as); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush emits everything.
func (b *batcher) flush() error {
	for as := range b.open {
		if err := b.release(as); err != nil {
			return err
		}
	}
	return nil
}

// release emits one caller's batch, of which there must be one.
func (b *batcher) release(as caller) error {
	full := b.open[as]
	delete(b.open, as)
	b.held -= full.size
	return b.emit(*full)
}

// body is the request that carries the batch.
func (b *batch) body() []byte {
	buf := make([]byte, 0, b.size+len(b.items)+envelope)
	buf = append(buf, `{"Findings":[`...)
	for i, it := range b.items {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, it.raw...)
	}
	return append(buf, "]}"...)
}

// halves splits a batch that was refused as a whole, to find out whose fault it was.
func (b *batch) halves() (left, right batch) {
	mid := len(b.items) / 2
	return batch{as: b.as, items: b.items[:mid], size: sizeOf(b.items[:mid])},
		batch{as: b.as, items: b.items[mid:], size: sizeOf(b.items[mid:])}
}

// sizeOf counts the bytes of findings as a batch does.
func sizeOf(items []item) (n int) {
	for _, it := range items {
		n += len(it.raw)
	}
	return n
}

// address is what decides where a finding goes. Members that are absent or not strings
// are empty; the hub says what is wrong with them.
type address struct {
	id, account, productArn string
}

// readAddress looks at a finding no further than it must. What is no finding has no address.
func readAddress(raw jsontext.Value) address {
	var a address
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return a
	}
	// Most findings say all of it in their first members; the rest need not be read.
	for dec.PeekKind() == '"' && (a.id == "" || a.account == "" || a.productArn == "") {
		name, err := dec.ReadToken()
		if err != nil || a.take(name.String(), dec) != nil {
			return a
		}
	}
	return a
}

// take reads one member's value, if the address needs it.
func (a *address) take(name string, dec *jsontext.Decoder) error {
	var into *string
	switch name {
	case "Id":
		into = &a.id
	case "AwsAccountId":
		into = &a.account
	case "ProductArn":
		into = &a.productArn
	default:
		return dec.SkipValue()
	}
	v, err := dec.ReadValue()
	*into = asff.Unquote(v)
	return err
}

// caller says whose finding it is. The region is the one that was asked for, else the
// product ARN's, because a hub takes only what its own region's products found.
func (a address) caller(region string) caller {
	c := caller{region: region}
	if auth.ValidAccount(a.account) {
		c.account = a.account
	}
	if c.region != "" {
		return c
	}
	c.region = defaults["region"]
	if arn, err := asff.ParseProductArn(a.productArn); err == nil && auth.ValidRegion(arn.Region) {
		c.region = arn.Region
	}
	return c
}
