package asff

import (
	"fmt"
	"strings"
	"time"
)

// maxOffset is the farthest that a timestamp's zone may lie from UTC, in seconds.
const maxOffset = 18 * 60 * 60

// ParseTime reads a timestamp of the format (behaviour.md sections 1.4 and 2.3):
// RFC 3339 with Z or an offset of hours or of hours and minutes up to 18:00, in
// either case, with the leap second 23:59:60. Digits beyond nanoseconds are dropped.
// The day must exist. The result is in UTC and its year has four digits.
func ParseTime(text string) (time.Time, error) {
	s, ok := scanStamp(text)
	if !ok {
		// A copy, lest the error makes every caller's text escape to the heap.
		return time.Time{}, fmt.Errorf("%.64q is not a timestamp", strings.Clone(text))
	}
	return s.time(), nil
}

// stamp is a timestamp taken apart, without the price of a time.Time.
type stamp struct {
	year, month, day, hour, minute, second, nanosecond int
	offset                                             int // east of UTC, in seconds
}

func (s stamp) time() time.Time {
	return time.Date(s.year, time.Month(s.month), s.day, s.hour, s.minute, s.second-s.offset, s.nanosecond, time.UTC)
}

// isTime is PatternTime with a calendar.
func isTime(text []byte) bool {
	_, ok := scanStamp(text)
	return ok
}

func scanStamp[T ~string | ~[]byte](text T) (s stamp, ok bool) {
	const shape = "0000-00-00T00:00:00"
	if len(text) <= len(shape) {
		return s, false
	}
	for i := range len(shape) {
		switch c := text[i]; shape[i] {
		case '0':
			ok = isDigit(c)
		case 'T':
			ok = c|0x20 == 't'
		default:
			ok = c == shape[i]
		}
		if !ok {
			return s, false
		}
	}
	s.year = number(text[0:2])*100 + number(text[2:4])
	s.month, s.day = number(text[5:7]), number(text[8:10])
	s.hour, s.minute, s.second = number(text[11:13]), number(text[14:16]), number(text[17:19])
	if !s.onCalendar() {
		return s, false
	}
	return s.tail(string(text[len(shape):]))
}

// number reads two digits.
func number[T ~string | ~[]byte](text T) int { return int(text[0]-'0')*10 + int(text[1]-'0') }

func (s stamp) onCalendar() bool {
	if s.month < 1 || s.month > 12 || s.day < 1 || s.day > daysIn(s.year, s.month) {
		return false
	}
	leap := s.hour == 23 && s.minute == 59 && s.second == 60
	return s.hour < 24 && s.minute < 60 && (s.second < 60 || leap)
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// tail reads the fraction and the zone.
func (s stamp) tail(text string) (stamp, bool) {
	if text[0] == '.' {
		n := 1
		for scale := 100_000_000; n < len(text) && isDigit(text[n]); n++ {
			s.nanosecond += int(text[n]-'0') * scale
			scale /= 10
		}
		if n == 1 {
			return s, false
		}
		text = text[n:]
	}
	var ok bool
	s.offset, ok = zone(text)
	return s, ok && s.fourDigits()
}

// zone reads Z, ±hh, ±hhmm or ±hh:mm as seconds east of UTC.
func zone(text string) (seconds int, ok bool) {
	if text == "Z" || text == "z" {
		return 0, true
	}
	if len(text) == 6 && text[3] == ':' {
		text = text[:3] + text[4:]
	}
	if len(text) == 3 {
		text += "00"
	}
	if len(text) != 5 || text[0] != '+' && text[0] != '-' {
		return 0, false
	}
	for i := 1; i < 5; i++ {
		if !isDigit(text[i]) {
			return 0, false
		}
	}
	minutes := number(text[3:5])
	seconds = number(text[1:3])*3600 + minutes*60
	if minutes > 59 || seconds > maxOffset {
		return 0, false
	}
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// fourDigits refuses the few hours at either end of the calendar that leave it on the way to UTC.
func (s stamp) fourDigits() bool {
	if s.year > 0 && s.year < 9999 {
		return true
	}
	year := s.time().Year()
	return year >= 0 && year <= 9999
}
