import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { kubectl, labKubeconfig } from '../kubectl';
import { casper, CasperStack, checkout, type Outcome } from './casperCommand';

jest.setTimeout(240_000);

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

interface RoleObject {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  rules?: Rule[] | undefined;
  roleRef?: { kind: string; name: string };
  subjects?: { namespace: string }[];
}

interface Applied {
  verification: { ok: boolean; pods: { quota: object }[] }[];
}

const name = 'test-roles';
/** Where casper itself would run. */
const home = 'test-roles-system';
const folder = mkdtempSync(path.join(tmpdir(), 'casper-roles-'));
const kubeconfig = path.join(folder, 'kubeconfig');
let stack: CasperStack;

/** The objects of deploy/kubernetes/roles.yaml, by the names of this test. */
function roleObjects(): RoleObject[] {
  const renamed: Record<string, string> = { casper: name, 'casper-system': home };
  const rename = (namespace: string): string => renamed[namespace] ?? namespace;
  const text = readFileSync(path.join(checkout, 'deploy/kubernetes/roles.yaml'), 'utf8');
  return parseAllDocuments(text).map((document) => {
    const object = document.toJS() as RoleObject;
    const { metadata, kind } = object;
    if (kind === 'Namespace') {
      metadata.name = rename(metadata.name);
      // The API server then refuses every pod that is not.
      metadata.labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    }
    if (kind.startsWith('ClusterRole')) metadata.name = name;
    if (object.roleRef?.kind === 'ClusterRole') object.roleRef.name = name;
    if (metadata.namespace !== undefined) metadata.namespace = rename(metadata.namespace);
    for (const subject of object.subjects ?? []) subject.namespace = rename(subject.namespace);
    for (const rule of object.rules ?? []) {
      const named = rule as Rule & { resourceNames?: string[] };
      if (named.resourceNames) named.resourceNames = named.resourceNames.map(rename);
    }
    return object;
  });
}

function apply(objects: readonly object[]): Promise<string> {
  const file = path.join(folder, 'objects.yaml');
  writeFileSync(file, objects.map((object) => stringify(object)).join('---\n'));
  return kubectl('apply', '-f', file);
}

/** The roles without one verb of a resource, or without any of it. */
function without(resource: string, verb?: string): RoleObject[] {
  const roles = roleObjects().filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
  const before = JSON.stringify(roles);
  for (const role of roles) {
    role.rules = role.rules?.flatMap((rule): Rule[] => {
      if (!rule.resources.includes(resource)) return [rule];
      const others = rule.resources.filter((own) => own !== resource);
      const verbs = verb === undefined ? [] : rule.verbs.filter((own) => own !== verb);
      // A rule of nothing is refused.
      return [
        { ...rule, resources: others },
        { ...rule, resources: [resource], verbs },
      ].filter((left) => left.resources.length > 0 && left.verbs.length > 0);
    });
  }
  if (JSON.stringify(roles) === before) throw new Error(`no role has ${verb ?? 'anything'} of ${resource}`);
  return roles;
}

/** The command by an account that has these roles and nothing else. */
function asServiceAccount(command: string, ...args: string[]): Promise<Outcome> {
  return casper([command, '--stack', stack.name, '--config-file', stack.configFile, ...args], {
    KUBECONFIG: kubeconfig,
  });
}

beforeAll(async () => {
  await apply(roleObjects());
  const token = (await kubectl('create', 'token', 'casper', '-n', home, '--duration=1h')).trim();
  const config = parse(readFileSync(labKubeconfig(), 'utf8')) as {
    contexts: { name: string; context: { user: string } }[];
    users: { name: string; user: object }[];
  };
  config.users = [{ name: 'casper', user: { token } }];
  for (const { context } of config.contexts) context.user = 'casper';
  writeFileSync(kubeconfig, stringify(config), { mode: 0o600 });
  stack = CasperStack.create(name, 'inPlace');
  stack.edit('port: 8080', 'port: 8080\n    createNamespace: false');
}, 60_000);

afterAll(async () => {
  await stack.remove();
  await kubectl('delete', 'namespace', name, home, '--wait=false');
  await kubectl('delete', 'clusterrolebinding,clusterrole', name);
  rmSync(folder, { recursive: true });
});

test('the account has no more than its roles', async () => {
  const may = (...what: string[]): Promise<string> =>
    new Promise((resolve) => {
      const env = { ...process.env, KUBECONFIG: kubeconfig };
      // It ends with 1 where the answer is no.
      execFile('kubectl', ['auth', 'can-i', ...what], { env }, (_, stdout) => {
        resolve(stdout.trim());
      });
    });
  expect([await may('patch', 'deployments', '-n', name), await may('list', 'nodes')]).toEqual(['yes', 'yes']);
  for (const right of ['get secrets', 'create pods', 'delete pods', 'patch nodes', 'create namespaces']) {
    expect([right, await may(...right.split(' '), '-n', name)]).toEqual([right, 'no']);
  }
  expect(await may('list', 'deployments', '-n', 'kube-system')).toBe('no');
});

test('preview, apply, verify, a change in place and one of pods, by that account', async () => {
  const preview = await asServiceAccount('preview');
  expect([preview.exitCode, preview.stderr]).toEqual([0, expect.not.stringMatching(/forbidden/)]);
  const applied = await asServiceAccount('apply', '--json');
  expect([applied.exitCode, applied.stderr]).toEqual([0, expect.not.stringMatching(/forbidden/)]);
  const { verification } = JSON.parse(applied.stdout) as Applied;
  expect(verification.every(({ ok }) => ok)).toBe(true);
  // The second proof needs pods/exec.
  const quotas = verification.flatMap(({ pods }) => pods.map(({ quota }) => quota));
  expect(quotas.filter((quota) => 'unknown' in quota)).toEqual([]);
  stack.edit(resized(5), resized(6));
  stack.edit('us-east-2: { servers: 0, cpuMillicores: 0 }', 'us-east-2: { servers: 1, cpuMillicores: 11 }');
  const changed = await asServiceAccount('apply');
  expect([changed.exitCode, changed.stderr]).toEqual([0, expect.not.stringMatching(/forbidden/)]);
  expect((await asServiceAccount('verify')).exitCode).toBe(0);
});

test('verify --fix and run, by that account', async () => {
  const fixed = await asServiceAccount('verify', '--fix');
  expect([fixed.exitCode, fixed.stderr]).toEqual([0, expect.not.stringMatching(/forbidden/)]);
  const runs = path.join(folder, 'runs');
  const ran = await asServiceAccount('run', '--runs', runs, '--intervals', '1', '--max-latency', '150');
  expect([ran.exitCode, ran.stderr]).toEqual([0, expect.not.stringMatching(/forbidden/)]);
});

const resized = (servers: number): string =>
  `us-west-1: { servers: ${servers}, cpuMillicores: ${10 * servers + 1} }`;

test.each([
  ['patch', 'pods/resize', 'apply', resized(6), resized(7)],
  ['patch', 'deployments', 'apply', 'drainSeconds: 1', 'drainSeconds: 2'],
  ['list', 'pods', 'verify', '', ''],
])('without %s of %s, %s fails and names the right', async (verb, resource, command, before, after) => {
  await apply(without(resource, verb));
  try {
    stack.edit(before, after);
    const { exitCode, stderr } = await asServiceAccount(command);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`cannot ${verb} resource "${resource}"`)]);
  } finally {
    await apply(roleObjects());
  }
});

test('without pods/exec the second proof goes unread, and apply goes on from what failed', async () => {
  await apply(without('pods/exec'));
  try {
    const { verification } = JSON.parse((await asServiceAccount('apply', '--json')).stdout) as Applied;
    expect(verification.every(({ ok }) => ok)).toBe(true);
    const quotas = verification.flatMap(({ pods }) => pods.map(({ quota }) => quota));
    expect(quotas.length).toBeGreaterThan(3);
    expect(quotas.every((quota) => 'unknown' in quota)).toBe(true);
  } finally {
    await apply(roleObjects());
  }
});
