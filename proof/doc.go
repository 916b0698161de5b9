// Package proof has no code but tests: it runs the program as processes of its own, breaks what they stand on,
// and holds what their callers were told against what is there afterwards. docs/proof.md says what is
// proven, how long it takes and what is not.
//
// Every test has a short form, which go test runs, and a long one, which PROOF=long asks for.
package proof
