package api

// Operation is one operation of the API, for documentation.
type Operation struct {
	Name, Method string
	// URI is the path with its labels in braces.
	URI string
	// Built is false for operations that the hub answers with 501.
	Built bool
}

// Operations lists all operations of the API's model by name.
func Operations() []Operation {
	list := make([]Operation, 0, len(operations))
	for _, op := range operations {
		_, ok := built[op.Name]
		list = append(list, Operation{Name: op.Name, Method: op.Method, URI: op.URI, Built: ok})
	}
	return list
}
