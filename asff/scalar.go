package asff

import (
	"math"
	"strconv"
)

// scalar judges a string, number, boolean or null.
func (w *walker) scalar(s *Shape) error {
	raw, err := w.read()
	if err != nil {
		return err
	}
	switch raw.Kind() {
	case '"':
		text := w.unquote(raw)
		if s.Kind == KindString || s.Kind == KindTimestamp {
			w.judgeText(s, text, raw)
			return nil
		}
	case '0':
		if s.Kind == KindInteger || s.Kind == KindLong || s.Kind == KindNumber {
			w.number(s, raw)
			return nil
		}
		w.copy(raw)
	default:
		w.copy(raw)
		if s.Kind == KindBoolean && raw.Kind() != 'n' {
			return nil
		}
	}
	if s.Kind != KindAny {
		w.broken(s, RuleType, 0, 0, raw)
	}
	return nil
}

func (w *walker) copy(raw []byte) {
	if w.keep {
		w.out = append(w.out, raw...)
	}
}

// broken reports a scalar that has just been read.
func (w *walker) broken(s *Shape, rule Rule, bound, size int64, raw []byte) {
	w.violate(Violation{Rule: rule, Shape: s, Bound: bound, Size: size, Value: raw,
		Offset: w.dec.InputOffset() - int64(len(raw))})
}

// number judges a number by its value: 1.0 and 1e2 are integers, as they are to the
// service, but are copied as 1 and 100 because typed clients read nothing else.
func (w *walker) number(s *Shape, raw []byte) {
	if s.Kind == KindNumber {
		w.copy(raw)
		f, err := strconv.ParseFloat(string(raw), 64)
		if err != nil || math.IsInf(f, 0) {
			w.broken(s, RuleType, 0, 0, raw)
			return
		}
		w.between(s, f, raw)
		return
	}
	i, ok := integer(raw)
	if !ok {
		w.copy(raw)
		w.broken(s, RuleType, 0, 0, raw)
		return
	}
	if w.keep {
		w.out = strconv.AppendInt(w.out, i, 10)
	}
	if s.Kind == KindInteger && i != int64(int32(i)) {
		w.beyond32(s, i, raw)
		return
	}
	w.between(s, float64(i), raw)
}

// beyond32 refuses what the 32 bits of a typed client cannot hold: one such finding
// would keep it from reading the whole page.
func (w *walker) beyond32(s *Shape, i int64, raw []byte) {
	low, high := int64(math.MinInt32), int64(math.MaxInt32)
	if s.Limits&HasMin != 0 {
		low = int64(s.Min)
	}
	if s.Limits&HasMax != 0 {
		high = int64(s.Max)
	}
	if i < 0 {
		w.broken(s, RuleMin, low, 0, raw)
		return
	}
	w.broken(s, RuleMax, high, 0, raw)
}

func (w *walker) between(s *Shape, f float64, raw []byte) {
	if s.Limits&HasMin != 0 && f < float64(s.Min) {
		w.broken(s, RuleMin, int64(s.Min), 0, raw)
	}
	if s.Limits&HasMax != 0 && f > float64(s.Max) {
		w.broken(s, RuleMax, int64(s.Max), 0, raw)
	}
}

// integer reads a number without fraction that fits 64 bits.
func integer(raw []byte) (int64, bool) {
	if i, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return i, true
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	// 1<<63 is exact as a float; -(1<<63) still fits.
	if err != nil || f != math.Trunc(f) || f >= 1<<63 || f < -(1<<63) {
		return 0, false
	}
	return int64(f), true
}
