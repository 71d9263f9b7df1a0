import * as nodeModule from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * What Pulumi's SDK loads at every start and casper's program has no use for, as the SDK's own files call it: npm's
 * dependency tree and TypeScript's compiler serialise functions for dynamic resources, of which there are none; source
 * maps are looked up for every promise that the SDK makes, so stack traces name lines of dist/ instead. An empty module
 * stands for each, a second of CPU less in every preview. A version of the SDK that calls them otherwise loads them.
 */
const unused = ['@npmcli/arborist', '../../typescript-shim', 'source-map-support/register'];

const empty = pathToFileURL(path.join(__dirname, 'emptyModule.js')).href;

// Node 22.13 and 22.14 have no such hooks: they load everything.
const { registerHooks } = nodeModule as Partial<typeof nodeModule>;
registerHooks?.({
  resolve(specifier, context, next) {
    const bySdk = context.parentURL?.includes('/@pulumi/pulumi/') ?? false;
    return bySdk && unused.includes(specifier)
      ? { url: empty, format: 'commonjs', shortCircuit: true }
      : next(specifier, context);
  },
});
