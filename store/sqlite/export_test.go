package sqlite

// WithTail bounds the memory of the newest events, in bytes, so that others are read from the disk.
func (o Options) WithTail(most int) Options {
	o.tailBytes = most
	return o
}
