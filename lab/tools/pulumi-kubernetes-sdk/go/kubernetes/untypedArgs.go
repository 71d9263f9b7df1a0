// Package kubernetes has what the plugin's components hand objects over as.
package kubernetes

import "reflect"

// UntypedArgs are an object's fields, as they stand in a manifest.
type UntypedArgs map[string]any

// ElementType is asked for by Pulumi's SDK.
func (UntypedArgs) ElementType() reflect.Type {
	return reflect.TypeFor[map[string]any]()
}
