package filter

import "time"

// ParseTime reads a timestamp of the format: date and time with T between them, a
// fraction of any length, and Z or an offset of +hh, +hhmm or +hh:mm (behaviour.md
// sections 1.4 item 14 and 2.3). It gives microseconds since 1970 UTC; what is finer is
// cut off. A day that its month does not have, an hour past 23 and an offset past 18:00
// are refused; 23:59:60 is the next midnight.
func ParseTime(text []byte) (micros int64, ok bool) {
	c := clock{rest: text, ok: true}
	year, month, day := c.date()
	c.one("Tt")
	hour := c.number(2, 23)
	c.one(":")
	minute := c.number(2, 59)
	c.one(":")
	second := c.number(2, 60)
	nanos := c.fraction()
	offset := c.zone()
	if !c.ok || len(c.rest) > 0 || second == 60 && (hour != 23 || minute != 59) {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	return t.UnixMicro() - int64(offset)*60_000_000, true
}

// clock consumes a timestamp piece by piece; ok turns false at the first misfit.
type clock struct {
	rest []byte
	ok   bool
}

func (c *clock) date() (year, month, day int) {
	year = c.number(4, 9999)
	c.one("-")
	month = c.number(2, 12)
	c.one("-")
	day = c.number(2, 31)
	// Day 0 of the month after is the last of this one.
	if month == 0 || day == 0 || day > 28 && day > time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		c.ok = false
	}
	return year, month, day
}

// one consumes one of the characters and gives it.
func (c *clock) one(of string) byte {
	if len(c.rest) > 0 {
		for i := range len(of) {
			if c.rest[0] == of[i] {
				c.rest = c.rest[1:]
				return of[i]
			}
		}
	}
	c.ok = false
	return 0
}

// number consumes exactly so many digits.
func (c *clock) number(digits, most int) int {
	if len(c.rest) < digits {
		c.ok = false
		return 0
	}
	n := 0
	for _, d := range c.rest[:digits] {
		if d < '0' || d > '9' {
			c.ok = false
			return 0
		}
		n = n*10 + int(d-'0')
	}
	c.rest = c.rest[digits:]
	c.ok = c.ok && n <= most
	return n
}

// fraction consumes a fraction of a second, if there is one, as nanoseconds.
func (c *clock) fraction() int {
	if len(c.rest) == 0 || c.rest[0] != '.' {
		return 0
	}
	nanos, unit, i := 0, 100_000_000, 1
	for ; i < len(c.rest) && '0' <= c.rest[i] && c.rest[i] <= '9'; i++ {
		nanos += int(c.rest[i]-'0') * unit
		unit /= 10
	}
	c.rest = c.rest[i:]
	c.ok = c.ok && i > 1
	return nanos
}

// zone consumes Z or an offset and gives the minutes east of UTC.
func (c *clock) zone() int {
	sign := c.one("Zz+-")
	if !c.ok || sign == 'Z' || sign == 'z' {
		return 0
	}
	minutes := c.number(2, 18) * 60
	if len(c.rest) > 0 {
		if c.rest[0] == ':' {
			c.rest = c.rest[1:]
		}
		minutes += c.number(2, 59)
	}
	c.ok = c.ok && minutes <= 18*60
	if sign == '-' {
		return -minutes
	}
	return minutes
}
