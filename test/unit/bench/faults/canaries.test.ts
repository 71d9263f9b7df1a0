import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { secretsBelow, secretsIn } from '../../../../bench/faults/canaries';

const canaries = { 'a password': 'canary-password-77d0', 'a key': 'MC4CAQAwBQYDK2VwBCIE' };

test('a secret is found as it is and in base64, and nothing else is', () => {
  expect(secretsIn('user: x, password: canary-password-77d0.', canaries)).toEqual(['a password']);
  expect(secretsIn(Buffer.from('MC4CAQAwBQYDK2VwBCIE').toString('base64'), canaries)).toEqual(['a key']);
  expect(secretsIn('canary-password-77', canaries)).toEqual([]);
});

test('it is found in files of folders, with the file; some are not looked at', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-canaries-'));
  try {
    writeFileSync(path.join(folder, 'log'), 'canary-password-77d0');
    writeFileSync(path.join(folder, 'ballast'), 'canary-password-77d0');
    expect(secretsBelow([folder], (file) => !file.endsWith('/ballast'), canaries)).toEqual([
      `a password in ${path.join(folder, 'log')}`,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
