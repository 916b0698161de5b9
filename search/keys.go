package search

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
)

// keys knows every finding's key. A key's account, region and product are a group, of
// which there are few; its id is the finding's own Id attribute, which is indexed anyway.
type keys struct {
	hubs   map[hubName]uint32
	byName map[groupName]uint32
	groups []group
	last   uint32 // the group last asked for
	// order has the groups' numbers in the order of their names.
	order []uint32
	// members are the findings of each hub.
	members []list
	// groupOf and heads are by finding: its group, and eight bytes of its id behind
	// what the group's ids share.
	groupOf []uint32
	heads   []uint64
	// stale are the groups whose heads are to be made anew.
	stale []uint32
	// odd has the ids of keys that are not the finding's Id attribute. The hub makes no
	// such findings; the index does not rely on it.
	odd *field
	ids *field
}

type hubName struct{ account, region string }

type groupName struct{ account, region, product string }

// group is the findings of one product in one hub. Sorting by an attribute with few
// values leaves ties between most findings of the index; comparing a place and a head
// instead of the keys themselves settles nearly all without reading the ids.
type group struct {
	groupName
	hub   uint32
	place uint64 // orders the groups, even, with gaps
	n     int    // findings
	// shared is what all ids in the group begin with. It only gets shorter.
	shared []byte
	// stale is set when shared has become shorter and the heads are out of date.
	stale bool
}

// newKeys is for an index whose Id attribute is ids.
func newKeys(ids *field, p *postings, l *limits) *keys {
	return &keys{
		hubs: map[hubName]uint32{}, byName: map[groupName]uint32{},
		ids: ids, odd: newField(filter.Id, p, l),
	}
}

// id gives the id of a finding's key.
func (k *keys) id(d Doc) []byte {
	if id := k.odd.ids.get(d); id != 0 {
		return k.odd.of(id)
	}
	return k.ids.of(k.ids.ids.get(d))
}

// key writes a finding's key out.
func (k *keys) key(d Doc) finding.Key {
	g := &k.groups[k.groupOf[d]]
	return finding.Key{Account: g.account, Region: g.region, ProductArn: g.product, ID: string(k.id(d))}
}

// lookup finds a finding among those whose key has the id.
func (k *keys) lookup(key finding.Key) (found Doc, ok bool) {
	g, known := k.byName[groupName{key.Account, key.Region, key.ProductArn}]
	if !known {
		return 0, false
	}
	k.eachWith(key.ID, func(d Doc) {
		if k.groupOf[d] == g {
			found, ok = d, true
		}
	})
	return found, ok
}

// eachWith calls f for the findings whose key has the id: there is one in each group at most.
func (k *keys) eachWith(id string, f func(Doc)) {
	p := k.ids.postings
	if text := k.ids.lookup(nil, []byte(id)); text != 0 {
		p.each(k.ids.texts[text].list, func(d Doc) {
			// The id of an odd key is not the finding's Id attribute.
			if k.odd.ids.get(d) == 0 {
				f(d)
			}
		})
	}
	if text := k.odd.lookup(nil, []byte(id)); text != 0 {
		p.each(k.odd.texts[text].list, f)
	}
}

// bind gives a finding its key. Its Id attribute has been indexed.
func (k *keys) bind(d Doc, key finding.Key, findings int) {
	g := k.group(groupName{key.Account, key.Region, key.ProductArn})
	if n := int(d) + 1 - len(k.groupOf); n > 0 {
		k.groupOf = append(k.groupOf, make([]uint32, n)...)
		k.heads = append(k.heads, make([]uint64, n)...)
	}
	k.groupOf[d] = g
	gr := &k.groups[g]
	gr.n++
	k.members[gr.hub] = k.ids.postings.add(k.members[gr.hub], d)
	k.bindID(d, []byte(key.ID), findings)
}

// bindID is called again when the Id attribute changes, though the key never does.
func (k *keys) bindID(d Doc, id []byte, findings int) {
	text := k.ids.ids.get(d)
	if text != 0 && bytes.Equal(k.ids.of(text), id) {
		k.odd.setOne(d, 0)
	} else {
		k.odd.setOne(d, k.odd.intern(nil, id, findings))
	}
	k.head(d, id)
}

// head notes what of the id follows what the group shares.
func (k *keys) head(d Doc, id []byte) {
	g := &k.groups[k.groupOf[d]]
	if g.n == 1 {
		g.shared = append(g.shared[:0], id...)
	} else if n := sharedPrefix(g.shared, id); n < len(g.shared) {
		g.shared = g.shared[:n]
		if !g.stale {
			g.stale = true
			k.stale = append(k.stale, k.groupOf[d])
		}
	}
	k.heads[d] = head(id[len(g.shared):])
}

// refresh makes the heads anew in groups whose ids have come to share less.
func (k *keys) refresh() {
	for _, g := range k.stale {
		k.groups[g].stale = false
		shared := len(k.groups[g].shared)
		k.eachMember(g, func(d Doc) { k.heads[d] = head(k.id(d)[shared:]) })
	}
	k.stale = k.stale[:0]
}

// eachMember calls f for the findings of a group.
func (k *keys) eachMember(g uint32, f func(Doc)) {
	k.ids.postings.each(k.members[k.groups[g].hub], func(d Doc) {
		if k.groupOf[d] == g {
			f(d)
		}
	})
}

// unbind takes a finding's key away; its Id attribute is still indexed.
func (k *keys) unbind(d Doc) {
	g := &k.groups[k.groupOf[d]]
	g.n--
	k.members[g.hub] = k.ids.postings.remove(k.members[g.hub], d)
	k.odd.setOne(d, 0)
}

// group gives the number of a group, a new one for a name that is new.
func (k *keys) group(name groupName) uint32 {
	if len(k.groups) > 0 && k.groups[k.last].groupName == name {
		return k.last
	}
	if g, ok := k.byName[name]; ok {
		k.last = g
		return g
	}
	// A caller's strings may be parts of something large.
	name = groupName{strings.Clone(name.account), strings.Clone(name.region), strings.Clone(name.product)}
	h, ok := k.hubs[hubName{name.account, name.region}]
	if !ok {
		h = uint32(len(k.members))
		k.hubs[hubName{name.account, name.region}] = h
		k.members = append(k.members, noDocs)
	}
	g := uint32(len(k.groups))
	k.byName[name] = g
	k.groups = append(k.groups, group{groupName: name, hub: h})
	k.arrange(g)
	return g
}

// arrange puts a new group into the order of names.
func (k *keys) arrange(g uint32) {
	at := k.groupsBefore(k.groups[g].groupName)
	left, right := uint64(0), uint64(lastPlace)
	if at > 0 {
		left = k.groups[k.order[at-1]].place
	}
	if at < len(k.order) {
		right = k.groups[k.order[at]].place
	}
	k.order = slices.Insert(k.order, at, g)
	place := (left + right) / 2 &^ 1
	k.groups[g].place = place
	if place > left && place < right {
		return
	}
	for i, g := range k.order {
		k.groups[g].place = uint64(i+1) * (lastPlace / uint64(len(k.order)+1) &^ 1)
	}
}

// groupsBefore counts the groups whose names come before a name.
func (k *keys) groupsBefore(name groupName) int {
	at, _ := slices.BinarySearchFunc(k.order, name, func(g uint32, name groupName) int { return k.groups[g].compare(name) })
	return at
}

// compare orders names as finding.Key.Compare orders keys.
func (n groupName) compare(o groupName) int {
	return cmp.Or(cmp.Compare(n.account, o.account), cmp.Compare(n.region, o.region), cmp.Compare(n.product, o.product))
}

// compare orders two findings as finding.Key.Compare does.
func (k *keys) compare(a, b Doc) int {
	if ga, gb := k.groupOf[a], k.groupOf[b]; ga != gb {
		return cmp.Compare(k.groups[ga].place, k.groups[gb].place)
	}
	if ha, hb := k.heads[a], k.heads[b]; ha != hb {
		return cmp.Compare(ha, hb)
	}
	return bytes.Compare(k.id(a), k.id(b))
}

// landmark is a key that findings are compared with many times; no finding need have it.
type landmark struct {
	place uint64 // odd when there is no such group
	group uint32
	// side is -1 or 1 when the id comes before or after all that begin like the group's.
	side int
	head uint64
	id   []byte
}

// landmark prepares a key. Where its group does not exist, its place is just before that
// of the group which follows.
func (k *keys) landmark(key finding.Key) landmark {
	name := groupName{key.Account, key.Region, key.ProductArn}
	m := landmark{place: lastPlace + 1, group: 1<<32 - 1, id: []byte(key.ID)}
	at := k.groupsBefore(name)
	if at == len(k.order) {
		return m
	}
	m.group = k.order[at]
	g := &k.groups[m.group]
	if m.place = g.place; g.groupName != name {
		m.place--
		return m
	}
	if n := len(g.shared); bytes.HasPrefix(m.id, g.shared) {
		m.head = head(m.id[n:])
	} else {
		m.side = bytes.Compare(m.id, g.shared)
	}
	return m
}

// compareTo orders a finding and a landmark.
func (k *keys) compareTo(d Doc, m *landmark) int {
	g := k.groupOf[d]
	if place := k.groups[g].place; place != m.place {
		return cmp.Compare(place, m.place)
	}
	if m.side != 0 {
		return -m.side
	}
	if h := k.heads[d]; h != m.head {
		return cmp.Compare(h, m.head)
	}
	return bytes.Compare(k.id(d), m.id)
}

// bytes is what the keys occupy beyond the Id attribute.
func (k *keys) bytes() int64 {
	const perGroup = 300 // its struct, two map entries and the strings
	return int64(cap(k.groupOf)+cap(k.members)+cap(k.order))*4 + int64(cap(k.heads))*8 +
		int64(len(k.groups))*perGroup + k.odd.bytes()
}
