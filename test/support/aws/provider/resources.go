// Resources: validate, plan, apply, read and import, all in Terraform's state alone.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// names, types, required and min/max items Terraform checks itself, with the schema; computed-only attributes the provider must
func readOnly(b *block, config *tfprotov5.DynamicValue) (ds []*tfprotov5.Diagnostic, err error) {
	v, err := config.Unmarshal(b.ty())
	walk(b, v, true, func(name string, a *attribute, v tftypes.Value) tftypes.Value {
		if !a.Optional && !a.Required && !v.IsNull() {
			ds = append(ds, problem("Value for unconfigurable attribute", fmt.Errorf("can't configure a value for %q: its value will be decided automatically based on the result of applying this configuration", name))...)
		}
		return v
	})
	return ds, err
}

func (s *server) ValidateResourceTypeConfig(_ context.Context, r *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	ds, err := readOnly(s.s.Resources[r.TypeName].Block, r.Config)
	return &tfprotov5.ValidateResourceTypeConfigResponse{Diagnostics: ds}, err
}

func (s *server) UpgradeResourceState(_ context.Context, r *tfprotov5.UpgradeResourceStateRequest) (*tfprotov5.UpgradeResourceStateResponse, error) {
	t := s.s.Resources[r.TypeName].Block.ty()
	opts := tfprotov5.UnmarshalOpts{ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}}
	v, err := r.RawState.UnmarshalWithOpts(t, opts)
	if err != nil {
		return nil, err
	}
	d, err := tfprotov5.NewDynamicValue(t, v)
	return &tfprotov5.UpgradeResourceStateResponse{UpgradedState: &d}, err
}

// AWSSTUB_DRIFT={"aws_instance":{"instance_type":"t3.nano"},"aws_eip":null}: what "someone changed by hand"; null = gone
func (s *server) ReadResource(_ context.Context, r *tfprotov5.ReadResourceRequest) (*tfprotov5.ReadResourceResponse, error) {
	t := s.s.Resources[r.TypeName].Block.ty()
	v, err := r.CurrentState.Unmarshal(t)
	if err != nil {
		return nil, err
	}
	var drift map[string]map[string]any
	if x := os.Getenv("AWSSTUB_DRIFT"); x != "" {
		if err := json.Unmarshal([]byte(x), &drift); err != nil {
			return &tfprotov5.ReadResourceResponse{Diagnostics: problem("AWSSTUB_DRIFT", err)}, nil
		}
	}
	if d, ok := drift[r.TypeName]; ok && !v.IsNull() {
		if d == nil {
			v = tftypes.NewValue(t, nil)
		} else {
			m := fields(v)
			for k, x := range d {
				m[k] = s.fromAny(t.AttributeTypes[k], x)
			}
			v = tftypes.NewValue(t, m)
		}
	}
	d, err := tfprotov5.NewDynamicValue(t, v)
	return &tfprotov5.ReadResourceResponse{NewState: &d, Private: r.Private}, err
}

func (s *server) PlanResourceChange(_ context.Context, r *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	sc := s.s.Resources[r.TypeName]
	t := sc.Block.ty()
	prior, err := r.PriorState.Unmarshal(t)
	if err != nil {
		return nil, err
	}
	next, err := r.ProposedNewState.Unmarshal(t)
	if err != nil {
		return nil, err
	}
	resp := &tfprotov5.PlanResourceChangeResponse{PlannedState: r.ProposedNewState, PlannedPrivate: r.PriorPrivate}
	if next.IsNull() {
		return resp, nil
	}
	create := prior.IsNull()
	next = walk(sc.Block, next, false, func(name string, a *attribute, v tftypes.Value) tftypes.Value {
		if create && a.Computed && v.IsNull() {
			return tftypes.NewValue(a.ty(), tftypes.UnknownValue)
		}
		return v
	})
	m := fields(next)
	if a := sc.Block.Attributes["tags_all"]; a != nil && a.Computed && sc.Block.Attributes["tags"] != nil { // as the real provider: default_tags + tags
		m["tags_all"] = tftypes.NewValue(a.ty(), tftypes.UnknownValue)
		if m["tags"].IsFullyKnown() {
			all := map[string]tftypes.Value{}
			for _, src := range []map[string]tftypes.Value{s.defaultTags, fields(m["tags"])} {
				for k, v := range src {
					all[k] = v
				}
			}
			m["tags_all"] = tftypes.NewValue(a.ty(), all)
		}
	}
	if a := sc.Block.Attributes["region"]; create && a != nil && a.Computed && !m["region"].IsKnown() {
		m["region"] = tftypes.NewValue(tftypes.String, s.region)
	}
	next = tftypes.NewValue(t, m)
	if !create {
		resp.RequiresReplace = s.replaces(r.TypeName, fields(prior), m)
	}
	d, err := tfprotov5.NewDynamicValue(t, next)
	resp.PlannedState = &d // elements of set blocks keep null for what is computed: otherwise they would differ from the config at the next plan
	return resp, err
}

// What changed and cannot be changed in place: a fact of the overlay, as the bindings do not tell.
func (s *server) replaces(kind string, old, next map[string]tftypes.Value) (paths []*tftypes.AttributePath) {
	for _, name := range s.o.ForceNew[kind] {
		outer, inner, nested := strings.Cut(name, ".")
		path := tftypes.NewAttributePath().WithAttributeName(outer)
		if !nested {
			if !old[name].Equal(next[name]) {
				paths = append(paths, path)
			}
			continue
		}
		was, is := as[[]tftypes.Value](old[outer]), as[[]tftypes.Value](next[outer])
		for i := 0; i < min(len(was), len(is)); i++ {
			if !fields(was[i])[inner].Equal(fields(is[i])[inner]) {
				paths = append(paths, path.WithElementKeyInt(i).WithAttributeName(inner))
			}
		}
	}
	for name, condition := range s.o.ForceNewIf[kind] {
		if as[bool](next[condition]) && !old[name].Equal(next[name]) {
			paths = append(paths, tftypes.NewAttributePath().WithAttributeName(name))
		}
	}
	return paths
}

func (s *server) ApplyResourceChange(_ context.Context, r *tfprotov5.ApplyResourceChangeRequest) (*tfprotov5.ApplyResourceChangeResponse, error) {
	sc := s.s.Resources[r.TypeName]
	v, err := r.PlannedState.Unmarshal(sc.Block.ty())
	if err != nil {
		return nil, err
	}
	if os.Getenv("AWSSTUB_FAIL") == r.TypeName { // to test partial applies
		return &tfprotov5.ApplyResourceChangeResponse{NewState: r.PriorState, Diagnostics: problem("AWSSTUB_FAIL", fmt.Errorf("%s made to fail", r.TypeName))}, nil
	}
	if v.IsNull() {
		return &tfprotov5.ApplyResourceChangeResponse{NewState: r.PlannedState}, nil
	}
	d, err := tfprotov5.NewDynamicValue(sc.Block.ty(), s.fill(r.TypeName, sc.Block, v, false))
	return &tfprotov5.ApplyResourceChangeResponse{NewState: &d, Private: r.PlannedPrivate}, err
}

func (s *server) ImportResourceState(_ context.Context, r *tfprotov5.ImportResourceStateRequest) (*tfprotov5.ImportResourceStateResponse, error) {
	sc := s.s.Resources[r.TypeName]
	t, m := sc.Block.ty(), map[string]tftypes.Value{}
	for n, at := range t.AttributeTypes {
		m[n] = tftypes.NewValue(at, nil)
	}
	for n, c := range sc.Block.BlockTypes {
		if c.NestingMode == "list" || c.NestingMode == "set" {
			m[n] = tftypes.NewValue(t.AttributeTypes[n], []tftypes.Value{})
		}
	}
	m["id"] = tftypes.NewValue(tftypes.String, r.ID)
	if w := s.o.Ids[r.TypeName]; strings.HasPrefix(w, "=") {
		m[w[1:]] = m["id"]
	}
	d, err := tfprotov5.NewDynamicValue(t, tftypes.NewValue(t, m))
	return &tfprotov5.ImportResourceStateResponse{ImportedResources: []*tfprotov5.ImportedResource{{TypeName: r.TypeName, State: &d}}}, err
}
