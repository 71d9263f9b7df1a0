// What Pulumi's Kubernetes plugin uses of its Go SDK, in place of the SDK: that one declares a type for each kind of each
// version of Kubernetes, 24 MB of source, of which the plugin needs none.
module github.com/pulumi/pulumi-kubernetes/sdk/v4

go 1.26

require github.com/pulumi/pulumi/sdk/v3 v3.229.0
