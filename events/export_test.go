package events

// For the tests that bring the kinds of targets in, which import this package.
var (
	NewWorld   = newWorld
	KeyOf      = keyOf
	NewOptions = func(w *world, targets []Target) Options { return options(process{world: w}, "a", targets...) }
	Start      = start
	IDs        = (*world).ids
	Write      = (*world).write
)
