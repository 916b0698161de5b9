package sqlite

import (
	_ "embed"

	"github.com/klauspost/compress/s2"
)

// dictionaryText is typical text of findings, most typical last: what is near the end of a dictionary
// costs least to refer to. A database keeps the dictionary that it was created with, so
// this may be improved at any time.
//
//go:embed dictionary.txt
var dictionaryText []byte

// dictionary is the one that new databases get.
func dictionary() []byte {
	return s2.MakeDict(dictionaryText, []byte(`{"SchemaVersion":"2018-10-08","Id":"`)).Bytes()
}
