package asff

// Schema is a compact table of shapes: what the API's model says about a kind of
// JSON document, and the limits that only the documentation states. It is data;
// Walk reads it.
type Schema struct {
	// Shapes are addressed by their ShapeID.
	Shapes []Shape
	// NullAbsent makes a member that is null count as absent, as request bodies have
	// it. In a finding null is a value of the wrong type.
	NullAbsent bool
}

// ShapeID is a shape's place in its Schema.
type ShapeID int16

// NoShape says that there is none, as for an operation without input.
const NoShape ShapeID = -1

// Kind is the JSON type that a shape asks for.
type Kind uint8

// The kinds. Their String is the word that the service uses in `should be string`.
const (
	KindString    Kind = iota // a JSON string
	KindInteger               // a number without fraction, 32 bits
	KindLong                  // a number without fraction, 64 bits
	KindNumber                // any finite number
	KindBoolean               // true or false
	KindTimestamp             // a string that ParseTime understands
	KindList                  // an array of Elem
	KindMap                   // an object with free names, judged by Key, and values of Elem
	KindStructure             // an object with the members Fields
	KindObject                // an object that somebody else judges
	KindAny                   // any JSON value
)

// String gives the JSON type's name.
func (k Kind) String() string {
	return [...]string{"string", "integer", "integer", "number", "boolean", "string", "array", "object", "object", "object", "any"}[k]
}

// Limits says which of a shape's bounds are set. The zero value is none.
type Limits uint8

// The bounds. Min and Max bound a string's length in Unicode characters, a list's
// items, a map's pairs or a number's value, by the shape's kind.
const (
	HasMin   Limits = 1 << iota // Min is set
	HasMax                      // Max is set
	NonBlank                    // a string must hold a character that is not white space
)

// Shape is one type of the model, or a type of the model with the limits that the
// documentation gives one member of that type.
type Shape struct {
	Name    string
	Kind    Kind
	Limits  Limits
	Pattern Pattern
	Min     int32
	Max     int32
	// Elem is the shape of a list's items or a map's values; Key that of a map's names.
	Elem ShapeID
	Key  ShapeID
	// Enum is the set of allowed values of a string.
	Enum []string
	// Fields are a structure's members, ordered by length of name and then by name.
	Fields []Field
	// Required names the members that must be there, in the model's order; Field.Bit
	// of the i-th is 1<<i.
	Required []string
	// AnyOf holds sets of Field.Bit: the structure must have all members of one set.
	AnyOf []uint32
}

// Field is one member of a structure.
type Field struct {
	Name  string
	Shape ShapeID
	// Bit marks the members that Required and AnyOf speak of; 0 for all others.
	Bit uint32
}

// field finds a member's place by its name, -1 when the structure has none. Names of
// other lengths are told apart by one comparison of numbers, which is most of them.
func (s *Shape) field(name []byte) int {
	lo, hi := 0, len(s.Fields)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		f := &s.Fields[mid]
		switch n := len(f.Name); {
		case n < len(name) || n == len(name) && f.Name < string(name):
			lo = mid + 1
		case n == len(name) && f.Name == string(name):
			return mid
		default:
			hi = mid
		}
	}
	return -1
}

// Shape gives the shape with an id of this schema.
func (s *Schema) Shape(id ShapeID) *Shape { return &s.Shapes[id] }
