// awsstub: a STAND-IN for terraform-provider-aws. It serves the schema that was reconstructed from the official CDKTF
// bindings (extract.mjs) and keeps "resources" only in Terraform state. It never talks to AWS or to any network.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

//go:embed schema.json.gz
var schemaGz []byte

//go:embed overlay.json
var overlayJSON []byte

type attribute struct {
	Type                         json.RawMessage
	Description                  string
	Required, Optional, Computed bool
	typ                          tftypes.Type
}
type nested struct {
	NestingMode string `json:"nesting_mode"`
	Block       *block
	MinItems    int64 `json:"min_items"`
	MaxItems    int64 `json:"max_items"`
}
type block struct {
	Attributes map[string]*attribute
	BlockTypes map[string]*nested `json:"block_types"`
}
type schema struct{ Block *block }
type providerSchema struct {
	Provider  *schema
	Resources map[string]*schema
	Data      map[string]*schema
}
type overlay struct {
	Sensitive  []string
	ForceNew   map[string][]string          `json:"force_new"`    // "attribute" or "block.attribute"
	ForceNewIf map[string]map[string]string `json:"force_new_if"` // attribute: only if this other one is true
	Ids        map[string]string
	Values     map[string]map[string]any
}

type server struct {
	tfprotov5.ProviderServer // nil: calls that Terraform does not make for this schema
	s                        providerSchema
	o                        overlay
	region                   string
	defaultTags              map[string]tftypes.Value
}

const account = "000000000000"

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	s := &server{region: "us-east-1"}
	z, err := gzip.NewReader(bytes.NewReader(schemaGz))
	must(err)
	var doc struct {
		Schemas map[string]struct {
			Provider  *schema
			Resources map[string]json.RawMessage `json:"resource_schemas"`
			Data      map[string]json.RawMessage `json:"data_source_schemas"`
		} `json:"provider_schemas"`
	}
	must(json.NewDecoder(z).Decode(&doc))
	for _, all := range doc.Schemas {
		s.s = providerSchema{all.Provider, wanted("", all.Resources), wanted("data.", all.Data)}
	}
	must(json.Unmarshal(overlayJSON, &s.o))
	must(tf5server.Serve("registry.terraform.io/hashicorp/aws", func() tfprotov5.ProviderServer { return s }))
}

// AWSSTUB_TYPES=aws_instance,data.aws_ami: serve these alone. All 2,198 cost Terraform a second for every command.
func wanted(prefix string, all map[string]json.RawMessage) map[string]*schema {
	only := os.Getenv("AWSSTUB_TYPES")
	schemas := map[string]*schema{}
	for name, text := range all {
		if only == "" || strings.Contains(","+only+",", ","+prefix+name+",") {
			x := &schema{}
			must(json.Unmarshal(text, x))
			schemas[name] = x
		}
	}
	return schemas
}

func (s *server) PrepareProviderConfig(_ context.Context, r *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (s *server) ConfigureProvider(_ context.Context, r *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	v, err := r.Config.Unmarshal(s.s.Provider.Block.ty())
	if err != nil {
		return nil, err
	}
	m := fields(v)
	for _, x := range []string{os.Getenv("AWS_REGION"), as[string](m["region"])} {
		if x != "" {
			s.region = x
		}
	}
	if d := as[[]tftypes.Value](m["default_tags"]); len(d) > 0 {
		s.defaultTags = fields(fields(d[0])["tags"])
	}
	return &tfprotov5.ConfigureProviderResponse{}, nil
}

func (s *server) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

func problem(summary string, err error) []*tfprotov5.Diagnostic {
	return []*tfprotov5.Diagnostic{{Severity: tfprotov5.DiagnosticSeverityError, Summary: summary, Detail: err.Error()}}
}
