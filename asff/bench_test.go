package asff

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkCheck judges real findings of about 3 KB, as they are sent.
func BenchmarkCheck(b *testing.B) {
	for _, name := range []string{"asr__afsbp-cloudtrail.1__01", "asr__afsbp-config.1__01"} {
		raw, err := os.ReadFile(filepath.Join("../../shared/corpus/asff", name+".json"))
		if err != nil {
			b.Fatal(err)
		}
		f, err := Parse(raw)
		if err != nil {
			b.Fatal(err)
		}
		raw = f.AppendJSON(nil)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, problems, err := new(Validator).Check(raw); err != nil || problems != nil {
					b.Fatal(problems, err)
				}
			}
		})
	}
}
