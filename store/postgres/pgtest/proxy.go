package pgtest

import (
	"net"
	"sync"
	"testing"
)

// Proxy is a network between clients and a server that can be cut.
type Proxy struct {
	listener net.Listener
	to       string
	// Cut looks at what is about to be passed on and says whether the connection is cut instead. It is
	// called by one goroutine for each direction of each connection; nil cuts nothing.
	cut func(fromServer bool, data []byte) bool

	mu    sync.Mutex
	conns []net.Conn
	work  sync.WaitGroup
}

// NewProxy passes connections to 127.0.0.1 on to a server's port, until the test is over.
func NewProxy(t testing.TB, port string, cut func(fromServer bool, data []byte) bool) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, to: "127.0.0.1:" + port, cut: cut}
	p.work.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// URL says where one of the server's databases is, by way of the proxy.
func (p *Proxy) URL(database string) string {
	return "postgres://postgres@" + p.listener.Addr().String() + "/" + database + "?sslmode=disable"
}

func (p *Proxy) close() {
	p.listener.Close()
	p.CutAll()
	p.work.Wait()
}

// CutAll cuts all connections that there are; new ones are passed on again.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.to)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		p.work.Go(func() { p.pass(client, server, false) })
		p.work.Go(func() { p.pass(server, client, true) })
	}
}

// pass copies one direction until an end is closed or the connection cut.
func (p *Proxy) pass(from, to net.Conn, fromServer bool) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if p.cut != nil && p.cut(fromServer, buf[:n]) {
				return
			}
			if _, werr := to.Write(buf[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
