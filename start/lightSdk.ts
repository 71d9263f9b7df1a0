import * as nodeModule from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * What Pulumi's SDK loads at every start and casper's program has no use for, as the SDK's own files call it. An empty
 * module stands for each: a second of CPU less in every preview. A version of the SDK that calls them otherwise loads them.
 */
const unused = [
  // They serialise functions for dynamic resources, of which there are none: npm's dependency tree, TypeScript's
  // compiler, and a debugger's session that notes every script.
  ...['@npmcli/arborist', '../../typescript-shim', '../../runtime/closure/v8Hooks'],
  // Looks up source maps for every promise that the SDK makes; stack traces name lines of dist/ instead.
  'source-map-support/register',
];

/** What traces the SDK's own calls; switched on by these variables. */
const tracing = [
  ...['instrumentation', 'instrumentation-grpc', 'exporter-zipkin', 'resources'],
  ...['sdk-trace-base', 'sdk-trace-node'],
].map((name) => `@opentelemetry/${name}`);
const traced = process.env['PULUMI_EXPERIMENTAL'] ?? process.env['TRACEPARENT'];

const replaced = new Set([...unused, ...(traced ? [] : tracing)]);
const empty = pathToFileURL(path.join(__dirname, 'emptyModule.js')).href;

// Node 22.13 and 22.14 have no such hooks: they load everything.
const { registerHooks } = nodeModule as Partial<typeof nodeModule>;
registerHooks?.({
  resolve(specifier, context, next) {
    const bySdk = context.parentURL?.includes('/@pulumi/pulumi/') ?? false;
    return bySdk && replaced.has(specifier)
      ? { url: empty, format: 'commonjs', shortCircuit: true }
      : next(specifier, context);
  },
});
