// The schema as Terraform asks for it.
package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func (a *attribute) ty() tftypes.Type {
	if a.typ == nil {
		t, err := tftypes.ParseJSONType(a.Type) //nolint:staticcheck // the one parser of cty type JSON
		if err != nil {
			panic(err)
		}
		a.typ = t
	}
	return a.typ
}

func (b *block) ty() tftypes.Object {
	m := map[string]tftypes.Type{}
	for n, a := range b.Attributes {
		m[n] = a.ty()
	}
	for n, c := range b.BlockTypes {
		var t tftypes.Type = c.Block.ty()
		switch c.NestingMode {
		case "list":
			t = tftypes.List{ElementType: t}
		case "set":
			t = tftypes.Set{ElementType: t}
		case "map":
			t = tftypes.Map{ElementType: t}
		}
		m[n] = t
	}
	return tftypes.Object{AttributeTypes: m}
}

var modes = map[string]tfprotov5.SchemaNestedBlockNestingMode{
	"list": tfprotov5.SchemaNestedBlockNestingModeList, "set": tfprotov5.SchemaNestedBlockNestingModeSet,
	"map": tfprotov5.SchemaNestedBlockNestingModeMap, "single": tfprotov5.SchemaNestedBlockNestingModeSingle,
}

func (s *server) proto(b *block, where string) *tfprotov5.SchemaBlock {
	out := &tfprotov5.SchemaBlock{}
	for n, a := range b.Attributes {
		sensitive := false
		for _, x := range s.o.Sensitive {
			sensitive = sensitive || x == where+"."+n
		}
		out.Attributes = append(out.Attributes, &tfprotov5.SchemaAttribute{Name: n, Type: a.ty(), Description: a.Description, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: sensitive})
	}
	for n, c := range b.BlockTypes {
		out.BlockTypes = append(out.BlockTypes, &tfprotov5.SchemaNestedBlock{TypeName: n, Block: s.proto(c.Block, where+"."+n), Nesting: modes[c.NestingMode], MinItems: c.MinItems, MaxItems: c.MaxItems})
	}
	return out
}

func (s *server) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	r := &tfprotov5.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov5.ServerCapabilities{GetProviderSchemaOptional: true},
		Provider:           &tfprotov5.Schema{Block: s.proto(s.s.Provider.Block, "provider")},
		ResourceSchemas:    map[string]*tfprotov5.Schema{}, DataSourceSchemas: map[string]*tfprotov5.Schema{},
	}
	for n, x := range s.s.Resources {
		r.ResourceSchemas[n] = &tfprotov5.Schema{Block: s.proto(x.Block, n)}
	}
	for n, x := range s.s.Data {
		r.DataSourceSchemas[n] = &tfprotov5.Schema{Block: s.proto(x.Block, "data."+n)}
	}
	return r, nil
}

func (s *server) GetResourceIdentitySchemas(context.Context, *tfprotov5.GetResourceIdentitySchemasRequest) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}
