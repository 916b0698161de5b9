package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/findinghub/findinghub"
)

// door stands before the hub: it answers /healthz, and everything else while there is
// no hub behind it. Whether the store answers (/readyz) only the hub knows.
type door struct {
	dev bool
	// local turns browsers away that speak for other people's pages: without signatures
	// any page could otherwise have its reader's browser change what is on this machine.
	local bool
	state atomic.Pointer[doorState]
}

// doorState is replaced as a whole, so that no request sees half of a change.
type doorState struct {
	status string
	hub    http.Handler // nil while the hub takes no requests
}

// health is the body of /healthz.
type health struct {
	Status string `json:"status"` // ok or starting
	// Dev tells tools of ours that signatures are not checked and accounts are named by access keys.
	Dev     bool   `json:"dev"`
	Version string `json:"version"`
}

// newDoor makes a door that is closed because the hub is starting.
func newDoor(dev bool) *door {
	d := &door{dev: dev}
	d.state.Store(&doorState{status: "starting"})
	return d
}

// open lets requests through.
func (d *door) open(hub http.Handler) { d.state.Store(&doorState{status: "ok", hub: hub}) }

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	state := d.state.Load()
	switch {
	case r.URL.Path == "/healthz", r.URL.Path == "/readyz" && state.status != "ok":
		d.health(w, state)
	case state.hub == nil:
		unavailable(w)
	case d.local && foreign(r.Header.Get("Origin")):
		refuse(w, http.StatusForbidden, findinghub.CodeAccessDenied, "A hub with --dev takes no requests of other sites' pages")
	default:
		state.hub.ServeHTTP(w, r)
	}
}

// health answers as the state is. Load balancers look at the status, our own tools at the body.
func (d *door) health(w http.ResponseWriter, state *doorState) {
	status := http.StatusOK
	if state.status != "ok" {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, status, health{Status: state.status, Dev: d.dev, Version: readBuild().version})
}

// foreign says whether an Origin is a page that did not come from this machine. AWS
// clients send none; browsers send one with everything but plain reads.
func foreign(origin string) bool {
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !isLoopback(u.Hostname())
}

// unavailable is the answer of a hub that is starting: AWS clients repeat what is answered so.
func unavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	refuse(w, http.StatusServiceUnavailable, findinghub.CodeUnavailable, "The hub is starting; its index is being built")
}

// refuse answers with an error in the API's form.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Amzn-ErrorType", code)
	writeJSON(w, status, struct{ Message, Code string }{message, code})
}

// writeJSON answers with a body that no cache may keep: it is true for a moment only.
func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error means that the caller has gone.
	_ = json.NewEncoder(w).Encode(body)
}
