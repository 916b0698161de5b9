package asff

//go:generate go run ../internal/modelgen -table asff -o schema_gen.go
