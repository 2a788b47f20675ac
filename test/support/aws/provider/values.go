// Values for what only AWS would know.
package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// fill replaces what is unknown (data sources: null and computed) by mock values
func (s *server) fill(kind string, b *block, v tftypes.Value, nulls bool) tftypes.Value {
	open := func(a *attribute, v tftypes.Value) bool { return !v.IsKnown() || nulls && a.Computed && v.IsNull() }
	top, id, salt := fields(v), "", ""
	if nulls {
		salt = kind + v.String()
	}
	var extra map[string]map[string]any // AWSSTUB_VALUES={"data.aws_ssm_parameter":{"value":"ami-…"}}
	_ = json.Unmarshal([]byte(os.Getenv("AWSSTUB_VALUES")), &extra)
	values := map[string]any{}
	for _, src := range []map[string]any{s.o.Values[kind], extra[kind]} {
		for k, x := range src {
			values[k] = x
		}
	}
	if nulls {
		for name, x := range filtered(b, top["filter"]) {
			if _, ok := extra[kind][name]; !ok {
				values[name] = x
			}
		}
	}
	mock := func(name string, a *attribute) tftypes.Value {
		if x, ok := values[name]; ok {
			return s.fromAny(a.ty(), x)
		}
		return s.mock(kind, name, id, salt, a.ty())
	}
	for _, n := range []string{"name", "key_name", "bucket"} { // before the id, which may be equal to one of them
		if a := b.Attributes[n]; a != nil && open(a, top[n]) {
			top[n] = mock(n, a)
		}
	}
	switch w := s.o.Ids[kind]; {
	case strings.HasPrefix(w, "="):
		id = as[string](top[w[1:]])
	case w != "":
		id = w + random(17, salt)
	default:
		id = strings.TrimPrefix(strings.TrimPrefix(kind, "data."), "aws_") + "-" + random(10, salt)
	}
	if x, ok := values["id"]; ok {
		id = strings.ReplaceAll(fmt.Sprint(x), "{region}", s.region)
	}
	if a := b.Attributes["id"]; a != nil && open(a, top["id"]) {
		top["id"] = tftypes.NewValue(a.ty(), id)
	}
	return walk(b, tftypes.NewValue(b.ty(), top), true, func(name string, a *attribute, v tftypes.Value) tftypes.Value {
		if open(a, v) {
			return mock(name, a)
		}
		return v
	})
}

// filtered says what the `filter` blocks of a data source already tell about the result: who asks for
// architecture = arm64 finds arm64, who asks for instance-type = a or b finds instance_types with both.
func filtered(b *block, filters tftypes.Value) map[string]any {
	found := map[string]any{}
	for _, f := range as[[]tftypes.Value](filters) {
		name := strings.ReplaceAll(as[string](fields(f)["name"]), "-", "_")
		texts := []string{}
		for _, v := range as[[]tftypes.Value](fields(f)["values"]) {
			texts = append(texts, as[string](v))
		}
		if len(texts) == 0 || strings.ContainsAny(strings.Join(texts, ""), "*?") {
			continue
		}
		if a := b.Attributes[name]; a != nil && a.Computed && a.ty().Is(tftypes.String) {
			found[name] = texts[0]
		}
		if a := b.Attributes[name+"s"]; a != nil && a.Computed {
			found[name+"s"] = texts
		}
	}
	return found
}

func (s *server) mock(kind, name, id, salt string, t tftypes.Type) tftypes.Value {
	switch {
	case t.Is(tftypes.String):
		known := map[string]string{"public_ip": "127.0.0.1", "private_ip": "10.0.0.10", "public_dns": "localhost", "private_dns": "localhost", "availability_zone": s.region + "a",
			"region": s.region, "owner_id": account, "account_id": account, "description": "Managed by Terraform"}
		x, ok := known[name]
		if ip := os.Getenv("AWSSTUB_PUBLIC_IP"); name == "public_ip" && ip != "" {
			x = ip
		} else if name == "arn" || strings.HasSuffix(name, "_arn") {
			service, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(kind, "data."), "aws_"), "_")
			x = fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, s.region, account, id)
		} else if !ok {
			x = name + "-" + random(6, salt)
		}
		return tftypes.NewValue(t, x)
	case t.Is(tftypes.Number):
		return tftypes.NewValue(t, 0)
	case t.Is(tftypes.Bool):
		return tftypes.NewValue(t, false)
	}
	switch o := t.(type) {
	case tftypes.Object:
		m := map[string]tftypes.Value{}
		for n, at := range o.AttributeTypes {
			m[n] = s.mock(kind, n, id, salt, at)
		}
		return tftypes.NewValue(t, m)
	case tftypes.Map:
		return tftypes.NewValue(t, map[string]tftypes.Value{})
	case tftypes.List, tftypes.Set:
		return tftypes.NewValue(t, []tftypes.Value{})
	}
	return tftypes.NewValue(t, nil)
}

// fromAny: a value from overlay.json or the environment (what does not fit the type becomes null)
func (s *server) fromAny(t tftypes.Type, x any) tftypes.Value {
	j, _ := json.Marshal(x)
	v, err := tftypes.ValueFromJSON([]byte(strings.ReplaceAll(string(j), "{region}", s.region)), t) //nolint:staticcheck
	if err != nil {
		return tftypes.NewValue(t, nil)
	}
	return v
}

// walk applies f to every attribute of a block value, nested blocks included (those in sets only if sets)
func walk(b *block, v tftypes.Value, sets bool, f func(string, *attribute, tftypes.Value) tftypes.Value) tftypes.Value {
	if v.IsNull() || !v.IsKnown() {
		return v
	}
	m := fields(v)
	for n, a := range b.Attributes {
		m[n] = f(n, a, m[n])
	}
	for n, c := range b.BlockTypes {
		x := m[n]
		if x.IsNull() || !x.IsKnown() || c.NestingMode == "set" && !sets {
			continue
		}
		switch c.NestingMode {
		case "single":
			m[n] = walk(c.Block, x, sets, f)
		case "list", "set":
			vs := []tftypes.Value{}
			for _, e := range as[[]tftypes.Value](x) {
				vs = append(vs, walk(c.Block, e, sets, f))
			}
			m[n] = tftypes.NewValue(x.Type(), vs)
		}
	}
	return tftypes.NewValue(v.Type(), m)
}

func as[T any](v tftypes.Value) (t T) { // T: string, []tftypes.Value, map[string]tftypes.Value; zero for null and unknown
	if v.Type() != nil && v.IsKnown() && !v.IsNull() {
		_ = v.As(&t)
	}
	return t
}

func fields(v tftypes.Value) map[string]tftypes.Value {
	if m := as[map[string]tftypes.Value](v); m != nil {
		return m
	}
	return map[string]tftypes.Value{}
}

func random(n int, salt string) string { // with a salt (data sources): the same at every read
	b := sha256.Sum256([]byte(salt))
	if salt == "" {
		_, _ = rand.Read(b[:])
	}
	return hex.EncodeToString(b[:])[:n]
}
