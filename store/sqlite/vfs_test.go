//go:build unix

package sqlite

import (
	"path/filepath"
	"sync"
	"testing"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// SQLite reaches its files by a table of functions, its VFS. Here that of the system is wrapped for the directories that a
// test has a disk for. SQLite keeps a VFS for ever, so there is one for all tests of the process.

// The signatures of the functions that are wrapped.
type (
	openFunc     = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	deleteFunc   = func(tls *libc.TLS, vfs, name uintptr, syncDir int32) int32
	closeFunc    = func(tls *libc.TLS, file uintptr) int32
	writeFunc    = func(tls *libc.TLS, file, data uintptr, n int32, at int64) int32
	truncateFunc = func(tls *libc.TLS, file uintptr, size int64) int32
	syncFunc     = func(tls *libc.TLS, file uintptr, flags int32) int32
	shmMapFunc   = func(tls *libc.TLS, file uintptr, region, size, extend int32, address uintptr) int32
)

// at gives what is at an address of SQLite's memory, which Go's collector does not know.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// function gives the Go function behind one of SQLite's function pointers.
func function[F any](pointer uintptr) F { return *(*F)(unsafe.Pointer(&pointer)) }

// pointer is the other way. The function must be kept.
func pointer[F any](f *F) uintptr { return *(*uintptr)(unsafe.Pointer(f)) }

// faultyVFS wraps the system's VFS.
type faultyVFS struct {
	own      *lib.Tsqlite3_vfs
	original lib.Tsqlite3_vfs
	system   uintptr

	open     openFunc
	delete   deleteFunc
	close    closeFunc
	write    writeFunc
	truncate truncateFunc
	sync     syncFunc
	shmMap   shmMapFunc

	mu      sync.Mutex
	disks   map[string]*disk    // by directory
	files   map[uintptr]*file   // open ones by their address
	methods map[uintptr]uintptr // tables of wrapped functions by the originals
}

// file is one open file of a disk.
type file struct {
	disk    *disk
	medium  *medium
	methods *lib.Tsqlite3_io_methods // the system's
	// failed is that a sync of another file of the same medium has failed, which the system tells this one, too.
	failed bool
}

// theVFS is registered when it is first needed.
var theVFS = sync.OnceValue(newFaultyVFS)

func newFaultyVFS() *faultyVFS {
	tls := libc.NewTLS()
	defer tls.Close()
	v := &faultyVFS{disks: map[string]*disk{}, files: map[uintptr]*file{}, methods: map[uintptr]uintptr{}}
	v.open, v.delete, v.close, v.write = v.xOpen, v.xDelete, v.xClose, v.xWrite
	v.truncate, v.sync, v.shmMap = v.xTruncate, v.xSync, v.xShmMap
	v.system = lib.Xsqlite3_vfs_find(tls, 0)
	v.original = *at[lib.Tsqlite3_vfs](v.system)
	own := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(v.original)))
	v.own = at[lib.Tsqlite3_vfs](own)
	*v.own = v.original
	name, err := libc.CString("faulty")
	if err != nil {
		panic(err) // no memory
	}
	v.own.FzName = name
	v.own.FxOpen, v.own.FxDelete = pointer(&v.open), pointer(&v.delete)
	if rc := lib.Xsqlite3_vfs_register(tls, own, 1); rc != lib.SQLITE_OK {
		panic(rc)
	}
	return v
}

// use has a disk be that of a directory until the test is over.
func (v *faultyVFS) use(t testing.TB, dir string, d *disk) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(dir) // as SQLite does
	if err != nil {
		t.Fatal(err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.disks[dir] = d
	t.Cleanup(func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.disks, dir)
	})
}

// medium finds what holds a file.
func (v *faultyVFS) medium(name uintptr) (*disk, *medium) {
	if name == 0 {
		return nil, nil
	}
	path := libc.GoString(name)
	v.mu.Lock()
	defer v.mu.Unlock()
	d := v.disks[filepath.Dir(path)]
	if d == nil {
		return nil, nil
	}
	return d, d.media[filepath.Base(path)]
}

// of finds an open file.
func (v *faultyVFS) of(address uintptr) *file {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.files[address]
}

func (v *faultyVFS) xOpen(tls *libc.TLS, _, name, address uintptr, flags int32, outFlags uintptr) int32 {
	rc := function[openFunc](v.original.FxOpen)(tls, v.system, name, address, flags, outFlags)
	d, m := v.medium(name)
	if rc != lib.SQLITE_OK || m == nil {
		return rc
	}
	methods := &at[lib.Tsqlite3_file](address).FpMethods
	v.mu.Lock()
	defer v.mu.Unlock()
	f := &file{disk: d, medium: m, methods: at[lib.Tsqlite3_io_methods](*methods)}
	v.files[address] = f
	d.opened(f)
	*methods = v.wrapped(tls, *methods)
	return rc
}

// wrapped is a table of the system's functions with ours in it.
func (v *faultyVFS) wrapped(tls *libc.TLS, methods uintptr) uintptr {
	if own, ok := v.methods[methods]; ok {
		return own
	}
	own := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_io_methods{})))
	m := at[lib.Tsqlite3_io_methods](own)
	*m = *at[lib.Tsqlite3_io_methods](methods)
	m.FxClose, m.FxWrite, m.FxTruncate = pointer(&v.close), pointer(&v.write), pointer(&v.truncate)
	m.FxSync, m.FxShmMap = pointer(&v.sync), pointer(&v.shmMap)
	v.methods[methods] = own
	return own
}

func (v *faultyVFS) xDelete(tls *libc.TLS, _, name uintptr, syncDir int32) int32 {
	rc := function[deleteFunc](v.original.FxDelete)(tls, v.system, name, syncDir)
	if d, m := v.medium(name); m != nil && rc == lib.SQLITE_OK {
		d.deleted(m)
	}
	return rc
}

func (v *faultyVFS) xClose(tls *libc.TLS, address uintptr) int32 {
	v.mu.Lock()
	f := v.files[address]
	delete(v.files, address)
	v.mu.Unlock()
	f.disk.closed(f)
	return function[closeFunc](f.methods.FxClose)(tls, address)
}

func (v *faultyVFS) xWrite(tls *libc.TLS, address, data uintptr, n int32, offset int64) int32 {
	f := v.of(address)
	return f.disk.write(f.medium, unsafe.Slice(at[byte](data), n), offset, func(n int) int32 {
		return function[writeFunc](f.methods.FxWrite)(tls, address, data, int32(n), offset)
	})
}

func (v *faultyVFS) xTruncate(tls *libc.TLS, address uintptr, size int64) int32 {
	f := v.of(address)
	return f.disk.truncate(f.medium, size, func() int32 {
		return function[truncateFunc](f.methods.FxTruncate)(tls, address, size)
	})
}

// xSync does not bother the machine's disk: what is durable the test's disk knows.
func (v *faultyVFS) xSync(_ *libc.TLS, address uintptr, _ int32) int32 {
	f := v.of(address)
	return f.disk.sync(f)
}

func (v *faultyVFS) xShmMap(tls *libc.TLS, address uintptr, region, size, extend int32, place uintptr) int32 {
	f := v.of(address)
	if extend != 0 {
		if rc := f.disk.fails(opMap, f.medium); rc != lib.SQLITE_OK {
			*at[uintptr](place) = 0
			return rc
		}
	}
	return function[shmMapFunc](f.methods.FxShmMap)(tls, address, region, size, extend, place)
}
