package api

//go:generate go run ../internal/modelgen -table api -o model_gen.go
