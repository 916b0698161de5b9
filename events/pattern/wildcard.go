package pattern

import "errors"

// checkWildcard refuses what EventBridge refuses: two wildcards next to each other, and a backslash before
// anything but * and \.
func checkWildcard(w string) error {
	star := false
	for i := 0; i < len(w); i++ {
		switch w[i] {
		case '*':
			if star {
				return errors.New("two wildcards next to each other")
			}
			star = true
			continue
		case '\\':
			if i++; i == len(w) || w[i] != '*' && w[i] != '\\' {
				return errors.New(`a backslash stands before * or \ only`)
			}
		}
		star = false
	}
	return nil
}

// matchWildcard compares a text with a checked wildcard; * stands for any bytes. It goes back to the last
// wildcard only, so that it takes len(text) * len(w) steps at most.
func matchWildcard(text, w string) bool {
	i, j := 0, 0
	star, from := -1, 0 // place after the last *, and where in text it was tried
	for i < len(text) {
		c, next, isStar := step(w, j)
		switch {
		case isStar:
			star, from, j = next, i, next
		case next > 0 && c == text[i]:
			i, j = i+1, next
		case star >= 0:
			from++
			i, j = from, star
		default:
			return false
		}
	}
	if j < len(w) && w[j] == '*' {
		j++
	}
	return j == len(w)
}

// step reads one element of a wildcard: a byte or a *. next is 0 at the end.
func step(w string, j int) (c byte, next int, star bool) {
	switch {
	case j == len(w):
		return 0, 0, false
	case w[j] == '*':
		return 0, j + 1, true
	case w[j] == '\\':
		return w[j+1], j + 2, false
	}
	return w[j], j + 1, false
}
