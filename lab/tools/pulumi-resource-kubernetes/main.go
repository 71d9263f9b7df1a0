// Pulumi's own Kubernetes plugin. Upstream's main embeds files that its build generates; this one does without them.
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// The version that the plugin reports; set by the build.
var version = "0.0.0"

func main() {
	// Only programs in YAML and generators of SDKs ask for the whole schema.
	schema := fmt.Sprintf(`{"name":"kubernetes","version":%q}`, version)
	provider.Serve("kubernetes", version, []byte(schema), nil)
}
