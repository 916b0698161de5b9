// Command modelgen turns the API's model and the documented limits into the Go tables
// that the hub checks documents with. `go generate ./asff ./api` runs it.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
)

// model is what we read of the API's model file.
type model struct {
	Operations map[string]modelOperation
	Shapes     map[string]modelShape
}

type modelOperation struct {
	Name string
	HTTP struct{ Method, RequestURI string }
	// Input names the shape of the request, if there is one.
	Input *modelRef
}

type modelRef struct {
	Shape string
	// Location and LocationName say where a member travels that is not in the body.
	Location     string
	LocationName string
}

type modelShape struct {
	Type     string
	Members  map[string]modelRef
	Member   *modelRef
	Key      *modelRef
	Value    *modelRef
	Required []string
	Enum     []string
	Pattern  string
	Min, Max *float64
	Document bool
}

func readModel(path string) (*model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := new(model)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for name, op := range m.Operations {
		if op.Input == nil || m.Shapes[op.Input.Shape].Type == "" {
			return nil, fmt.Errorf("%s: operation %s has no input", path, name)
		}
	}
	return m, nil
}

// operationNames are all operations by name.
func (m *model) operationNames() []string { return slices.Sorted(maps.Keys(m.Operations)) }
