import { loadYaml, type V1Namespace } from '@kubernetes/client-node';
import path from 'node:path';
import { namespaceFault } from '../../../program/namespaceOwner';
import { readStackFile } from '../../../stack/stackFile';

const namespace = (annotations: Record<string, string> = {}): V1Namespace =>
  loadYaml(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web', annotations } }));
const dev = readStackFile(path.join(__dirname, '..', '..', '..', 'Pulumi.dev.yaml')).service;
const faultOf = (found: V1Namespace | null, createNamespace: boolean): string | null =>
  namespaceFault(found, { ...dev, namespace: 'web', createNamespace }, 'dev');

test('a stack makes a namespace that is not there, and goes on with its own', () => {
  expect(faultOf(null, true)).toBeNull();
  expect(faultOf(namespace({ 'casper/stack': 'dev' }), true)).toBeNull();
});

test('one that an earlier version has made is the stack’s own', () => {
  expect(faultOf(namespace({ 'pulumi.com/patchForce': 'true' }), true)).toBeNull();
});

test('one that was there before is refused, and used where the stack file says so', () => {
  expect(faultOf(namespace(), true)).toMatch(/web is there already.*createNamespace: false/);
  expect(faultOf(namespace(), false)).toBeNull();
});

test('another stack’s is refused, and may be used', () => {
  const other = namespace({ 'casper/stack': 'other', 'pulumi.com/patchForce': 'true' });
  expect(faultOf(other, true)).toMatch(/stack other has made web/);
  expect(faultOf(other, false)).toBeNull();
});

test('one that the stack has made is not given up while it would be deleted', () => {
  expect(faultOf(namespace({ 'casper/stack': 'dev' }), false)).toMatch(/this stack has made web/);
});

test('one that must be there and is not', () => {
  expect(faultOf(null, false)).toMatch(/web does not exist/);
});
