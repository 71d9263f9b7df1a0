import { compare } from 'bcryptjs';
import { passwordHash } from '../../../program/passwordHash';

test('the hash is bcrypt’s of the password, the same every time, and another in another place', async () => {
  const hash = await passwordHash('a password', 'here 127.0.0.1:9090 casper');
  expect(hash).toMatch(/^\$2b\$10\$[./A-Za-z0-9]{53}$/);
  expect(await compare('a password', hash)).toBe(true);
  expect(await compare('a passwore', hash)).toBe(false);
  expect(await passwordHash('a password', 'here 127.0.0.1:9090 casper')).toBe(hash);
  expect((await passwordHash('a password', 'there 127.0.0.1:9090 casper')).slice(0, 29)).not.toBe(
    hash.slice(0, 29),
  );
});
