import { namespaceFault } from '../../../program/namespaceOwner';

const faultOf = (maker: string | undefined, createNamespace: boolean, isThere = true): string | null =>
  namespaceFault(isThere, maker, { namespace: 'web', createNamespace }, 'dev');

test('a stack makes a namespace that is not there, and goes on with its own', () => {
  expect(faultOf(undefined, true, false)).toBeNull();
  expect(faultOf('dev', true)).toBeNull();
});

test('one that was there before is refused, and used where the stack file says so', () => {
  expect(faultOf(undefined, true)).toMatch(/web is there already.*createNamespace: false/);
  expect(faultOf(undefined, false)).toBeNull();
});

test('another stack’s is refused, and may be used', () => {
  expect(faultOf('other', true)).toMatch(/stack other has made web/);
  expect(faultOf('other', false)).toBeNull();
});

test('one that the stack has made is not given up while it would be deleted', () => {
  expect(faultOf('dev', false)).toMatch(/this stack has made web/);
});

test('one that must be there and is not', () => {
  expect(faultOf(undefined, false, false)).toMatch(/web does not exist/);
});
