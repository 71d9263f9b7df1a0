import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { borrow, borrowOtherwise, giveBack } from '../../../components/borrowedDeployment/giveBack';
import { answerJson } from '../driver/fakeCluster';
import { startServer, stopServers } from '../loopbackServer';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-give-back-'));
});
afterEach(async () => {
  await stopServers();
  rmSync(folder, { recursive: true });
});

const never = new AbortController().signal;
const ours = 'pulumi-casper-dev';

function deployment(replicas: number, manager: string, resources: object): object {
  return {
    metadata: {
      resourceVersion: '7',
      managedFields: [{ manager, operation: 'Apply', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }],
    },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'shop' } },
      template: { spec: { containers: [{ name: 'web', resources }] } },
    },
  };
}

/** An API server with one Deployment, or none, and one pod; answers a change of another version with a conflict. */
async function cluster(live: object | null, conflicts = 0) {
  const changes: { path: string; body: unknown }[] = [];
  let left = conflicts;
  const { url } = await startServer((response, request) => {
    void request.toArray().then((chunks) => {
      const [place = ''] = (request.url ?? '').split('?');
      const text = Buffer.concat(chunks as Buffer[]).toString();
      if (request.method === 'PATCH') {
        const body = JSON.parse(text) as { metadata?: { resourceVersion?: string } };
        if (body.metadata?.resourceVersion !== undefined && left > 0) {
          left -= 1;
          response.statusCode = 409;
          response.end('{"message":"it has been modified"}');
          return;
        }
        changes.push({ path: place, body });
      }
      if (place.endsWith('/pods')) {
        answerJson(response, { items: [{ metadata: { name: 'shop-1' }, status: { phase: 'Running' } }] });
      } else if (live === null) {
        response.statusCode = 404;
        response.end('{"message":"deployments.apps \\"shop\\" not found"}');
      } else answerJson(response, live);
    });
  });
  const kubeconfig = path.join(folder, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [
        { name: 'fake', cluster: { server: url.replace(/\/$/, ''), 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'nobody', user: {} }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'nobody' } }],
    }),
  );
  const inputs = {
    ...{ context: 'fake', kubeconfig, namespace: 'shops', deployment: 'shop', instance: 'paris' },
    ...{ container: 'web', patchesCpu: false, fieldManager: ours },
  };
  return { inputs, changes };
}

const owner = { manager: 'helm', operation: 'Update' };
const known = {
  former: {
    replicas: { value: 3, owner },
    limit: { value: '300m', owner },
    request: { value: '20m', owner },
  },
  labels: { app: 'shop' },
};
const burstable = { limits: { cpu: '300m' }, requests: { cpu: '20m' } };

test('what was there is noted; where the stack has patched it before, people are told', async () => {
  const { inputs } = await cluster(deployment(3, 'helm', burstable));
  expect(await borrow(inputs, never)).toMatchObject({
    former: { replicas: { value: 3, owner: { manager: 'helm' } } },
    labels: { app: 'shop' },
    warning: '',
  });
  const again = await cluster(deployment(2, ours, burstable));
  expect((await borrow(again.inputs, never)).warning).toContain(
    'shops/shop is patched by this stack already',
  );
});

test('a Deployment that is not there cannot be borrowed, and needs not be given back', async () => {
  const { inputs, changes } = await cluster(null);
  await expect(borrow(inputs, never)).rejects.toThrow(
    /reading the Deployment of shops\/paris.*404.*not found/,
  );
  expect(await giveBack(inputs, known, never)).toBe('');
  expect(changes).toEqual([]);
});

test('given back: the number of pods, its owner, and the CPU of pods that run', async () => {
  const { inputs, changes } = await cluster(deployment(2, ours, burstable), 2);
  expect(await giveBack(inputs, known, never)).toBe('');
  expect(changes.map((change) => change.path.split('/').slice(-2).join('/'))).toEqual([
    'deployments/shop',
    'deployments/shop',
    'shop-1/resize',
  ]);
  expect(changes[0]?.body).toEqual({ spec: { replicas: 3 } });
  expect(changes[1]?.body).toMatchObject({ metadata: { managedFields: [{ manager: 'helm' }] } });
  expect(changes[2]?.body).toMatchObject({
    spec: { containers: [{ name: 'web', resources: { limits: { cpu: '300m' }, requests: { cpu: '20m' } } }] },
  });
});

test('a template without a CPU limit gives pods none: people are told that they keep theirs', async () => {
  const { inputs } = await cluster(deployment(2, ours, { requests: { cpu: '20m' } }));
  expect(await giveBack(inputs, known, never)).toContain('kubectl rollout restart');
});

test('one that others change again and again is given up, by name', async () => {
  const { inputs } = await cluster(deployment(2, ours, burstable), 100);
  await expect(giveBack(inputs, known, never)).rejects.toThrow(
    'shops/shop was changed by others 10 times while it was given back',
  );
});

test('CPU that is patched no longer is given back at once', async () => {
  const fieldsV1 = {
    'f:spec': {
      'f:template': {
        'f:spec': {
          'f:containers': { 'k:{"name":"web"}': { 'f:resources': { 'f:limits': { 'f:cpu': {} } } } },
        },
      },
    },
  };
  const live = {
    ...deployment(2, ours, { limits: { cpu: '101m' } }),
    metadata: { managedFields: [{ manager: ours, fieldsV1 }] },
  };
  const { inputs, changes } = await cluster(live);
  const before = { ...inputs, patchesCpu: true };
  expect(await borrowOtherwise(before, before, known.former, never)).toBe(known.former);
  expect(changes).toEqual([]);
  expect(await borrowOtherwise(inputs, before, known.former, never)).toBe(known.former);
  expect(changes.map(({ body }) => body)).toEqual([
    {
      spec: { template: { spec: { containers: [{ name: 'web', resources: { limits: { cpu: '300m' } } }] } } },
    },
    { metadata: expect.objectContaining({ managedFields: expect.any(Array) as unknown }) as unknown },
  ]);
  // The CPU of another container is noted anew; the number of pods is still the one from before.
  expect(await borrowOtherwise({ ...before, container: 'app' }, before, known.former, never)).toEqual({
    ...{ replicas: known.former.replicas, limit: {}, request: {} },
  });
});
