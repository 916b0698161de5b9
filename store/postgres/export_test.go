package postgres

// Searching lets an engine search in one way, whatever it thinks best.
func (o *Options) Searching(way string, most int) {
	o.apart, o.columns = way == "apart", way == "in order"
	how, known := map[string]asking{"apart": ordered, "in order": ordered, "by terms": byTerms, "by candidates": byCandidates}[way]
	if !known {
		panic("postgres: no such way: " + way)
	}
	o.ask = func() (asking, int) { return how, most }
}
