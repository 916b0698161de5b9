package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Update changes the managed file: it hands the document that the file holds to change and
// writes what change leaves. Nobody else changes the file meanwhile, in this process or
// another. The new file is there whole or not at all, also after a power cut. What would make
// the two files together bad is refused and the file stays as it was.
func (d *Directory) Update(change func(*Document) error) (err error) {
	path := d.config.ManagedFile
	if path == "" {
		return errors.New("there is no managed file to change")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("the identities cannot be kept: %w", err)
	}
	release, err := lockFile(path + ".lock")
	if err != nil {
		return fmt.Errorf("the identities cannot be changed: %w", err)
	}
	defer func() { err = errors.Join(err, release()) }()
	data, err := d.changed(change)
	if err != nil {
		return err
	}
	if err := replaceFile(path, data); err != nil {
		return fmt.Errorf("the identities cannot be kept: %w", err)
	}
	d.look()
	return nil
}

// changed gives the text of the managed file after a change, which was read back and merged
// as the next reader will.
func (d *Directory) changed(change func(*Document) error) ([]byte, error) {
	s := d.ownSecrets()
	doc, err := d.managed(s)
	if err != nil {
		return nil, err
	}
	if err := change(doc); err != nil {
		return nil, err
	}
	data, err := encode(doc)
	if err != nil {
		return nil, err
	}
	again, err := Parse(d.config.ManagedFile, data)
	if err != nil {
		return nil, withoutPlace(err, d.config.ManagedFile)
	}
	if back, err := encode(again); err != nil || !bytes.Equal(back, data) {
		return nil, errors.New("the changed identities would not read back as they were written")
	}
	s.open[d.config.ManagedFile] = false // it is written with mode 0600
	declared, err := d.declared(s)
	if err != nil {
		return nil, err
	}
	_, err = merge(declared, again, s)
	return data, withoutPlace(err, d.config.ManagedFile)
}

// ownSecrets is secrets for who does not hold mu.
func (d *Directory) ownSecrets() *secrets {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.secrets()
}

// withoutPlace drops the place of a mistake in a file that nobody will ever see.
func withoutPlace(err error, file string) error {
	var placed *FileError
	if errors.As(err, &placed) && placed.File == file {
		return errors.New(placed.Message)
	}
	return err
}

// encode writes a document for machines and for the eye of whoever looks into the file.
func encode(doc *Document) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, fmt.Errorf("the identities cannot be written: %w", err)
	}
	return b.Bytes(), nil
}

// replaceFile puts a new file in an old one's place, durably.
func replaceFile(path string, data []byte) error {
	temporary, err := writeBeside(path, data)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return syncParent(path)
}

// writeBeside writes a file of mode 0600 into the directory of another and syncs it.
func writeBeside(path string, data []byte) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, ownLikeDir(f), f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
