package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/findinghub/findinghub/api"
)

// eventsCommand looks after the events that targets did not take.
type eventsCommand struct {
	Letters lettersCommand `cmd:"" help:"Print the events that a target did not take, and why."`
	Replay  replayCommand  `cmd:"" help:"Send a target the events that it did not take again."`
}

// lettersCommand prints dead letters.
type lettersCommand struct {
	hubFlags
	Target string `arg:"" help:"The target's name in the hub's --events file."`
	JSON   bool   `name:"json" help:"Print JSON lines with the whole events."`
}

// Help is what events letters --help says beyond its flags.
func (*lettersCommand) Help() string {
	return `A target that refuses an event, or fails for as long as the hub tries, gets no more of it; the event is kept with the reason.

  findinghub events letters siem`
}

// Run prints page by page.
func (c *lettersCommand) Run(ctx context.Context, m *Main) error {
	hub, err := c.dial(ctx, m, 1)
	if err != nil {
		return err
	}
	defer hub.close()
	n := 0
	for after := ""; ; {
		var page api.DeadLettersOutput
		if err := hub.ask(ctx, "/events/dead-letters", map[string]any{"Target": c.Target, "After": after}, &page); err != nil {
			return err
		}
		for i := range page.DeadLetters {
			c.print(m, &page.DeadLetters[i])
			after = page.DeadLetters[i].ID
			n++
		}
		if len(page.DeadLetters) == 0 {
			fmt.Fprintf(m.Stderr, "%d events were not taken\n", n)
			return nil
		}
	}
}

func (c *lettersCommand) print(m *Main, l *api.DeadLetter) {
	if c.JSON {
		_ = json.NewEncoder(m.Stdout).Encode(l) // the output's own errors end the program
		return
	}
	fmt.Fprintf(m.Stdout, "%s  %s  %d tries  %s  %s\n", l.ID, l.DiedAt, l.Tries, l.FindingID, l.Reason)
}

// replayCommand sends dead letters again.
type replayCommand struct {
	hubFlags
	Target string   `arg:"" help:"The target's name in the hub's --events file."`
	IDs    []string `arg:"" optional:"" name:"id" help:"The events to send; all of the target's unless given."`
}

// Help is what events replay --help says beyond its flags.
func (*replayCommand) Help() string {
	return `Events that arrive are forgotten. One that is sent late comes after newer events of its finding: receivers compare UpdatedAt.

  findinghub events replay siem`
}

// Run sends them in the order in which they were given up.
func (c *replayCommand) Run(ctx context.Context, m *Main) error {
	hub, err := c.dial(ctx, m, 1)
	if err != nil {
		return err
	}
	defer hub.close()
	var out api.ReplayOutput
	if err := hub.ask(ctx, "/events/replay", map[string]any{"Target": c.Target, "Ids": c.IDs}, &out); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%d events sent\n", out.Sent)
	if out.Failed != "" {
		return fmt.Errorf("some did not arrive: %s", out.Failed)
	}
	return nil
}

// ask sends a request of our own and reads the answer.
func (c *client) ask(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := c.call(ctx, caller{region: defaults["region"]}, path, body)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}
