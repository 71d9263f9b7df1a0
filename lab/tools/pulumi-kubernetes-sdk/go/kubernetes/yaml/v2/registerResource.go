// Package v2 registers the objects that the plugin's components for manifests and charts find.
package v2

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

type object struct {
	pulumi.CustomResourceState
}

// RegisterResource registers an object under the type that all of Pulumi's SDKs for Kubernetes give it.
func RegisterResource(
	ctx *pulumi.Context, apiVersion, kind, name string, fields pulumi.Input, opts ...pulumi.ResourceOption,
) (pulumi.CustomResource, error) {
	if apiVersion == "v1" {
		apiVersion = "core/v1"
	}
	var resource object
	err := ctx.RegisterResource(fmt.Sprintf("kubernetes:%s:%s", apiVersion, kind), name, fields, &resource, opts...)
	if err != nil {
		return nil, err
	}
	return &resource, nil
}
