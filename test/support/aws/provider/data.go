// Data sources: deterministic mocks.
package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
)

func (s *server) ValidateDataSourceConfig(_ context.Context, r *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	ds, err := readOnly(s.s.Data[r.TypeName].Block, r.Config)
	return &tfprotov5.ValidateDataSourceConfigResponse{Diagnostics: ds}, err
}

func (s *server) ReadDataSource(_ context.Context, r *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	sc := s.s.Data[r.TypeName]
	v, err := r.Config.Unmarshal(sc.Block.ty())
	if err != nil {
		return nil, err
	}
	d, err := tfprotov5.NewDynamicValue(sc.Block.ty(), s.fill("data."+r.TypeName, sc.Block, v, true))
	return &tfprotov5.ReadDataSourceResponse{State: &d}, err
}
