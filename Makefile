# make run needs Go and nothing else; make test also PostgreSQL's server, which it installs where it can.

GO ?= go
# How many inputs each fuzz target tries. A count, not a time: at the end of a time Go's own fuzzer now and
# then reports "context deadline exceeded" although no input failed (golang.org/issue/75804).
FUZZTIME ?= 10000x
# How long make soak loads each engine.
SOAK ?= 1h
LISTEN ?= 127.0.0.1:4590
DATA_DIR ?= ./findinghub-data

# The linter is built from source by the Go toolchain, once, into ./bin.
LINT_VERSION := v2.15.0
LINT := bin/golangci-lint-$(LINT_VERSION)

.PHONY: run build test test-long soak lint test-clients bench fuzz generate clean help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: build ## start a hub for local work on 127.0.0.1:4590
	./bin/findinghub serve --dev --listen $(LISTEN) --data-dir $(DATA_DIR)

build: ## build the program into ./bin
	$(GO) build -o bin/findinghub ./cmd/findinghub

test: ## check the format, vet and run every Go test (no C compiler needed, hence no race detector; starts PostgreSQL, installing it on Debian as root)
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt would change: $$unformatted"; exit 1; fi
	@./store/postgres/pgtest/install.sh
	$(GO) vet ./...
	$(GO) test ./...

test-long: ## break the hub and what it stands on, hundreds of times (docs/proof.md)
	PROOF=long $(GO) test -count=1 -timeout 3h -v ./proof
	PROOF=long $(GO) test -count=1 -timeout 1h -v -run '^TestFaults$$' ./store/sqlite

soak: ## load a hub for SOAK (1h) on each engine and look for what grows
	SOAK=$(SOAK) $(GO) test -count=1 -timeout 0 -v -run '^TestSoak$$' ./proof

lint: $(LINT) ## check the rules of .golangci.yml
	$(LINT) run ./...

$(LINT):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv bin/golangci-lint $@

test-clients: build ## run the AWS CLI and the SDKs against hubs with and without --dev; installs what is missing
	./clients/run

bench: build ## measure what docs/benchmarks.md publishes
	./bin/findinghub bench

fuzz: ## try FUZZTIME inputs (10000x) on each fuzz target
	@set -e; for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package; \
	  done; \
	done

generate: ## write the generated files again
	$(GO) generate ./...

clean: ## remove what was built
	rm -rf bin
