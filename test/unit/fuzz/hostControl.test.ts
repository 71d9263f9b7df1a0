import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { controlScript } from '../../../components/host/controlScript';
import { fuzz, fuzzTimeoutMs, mutated } from './mutations';

jest.setTimeout(fuzzTimeoutMs);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-control-'));
  mkdirSync(path.join(folder, 'dynamic'));
  writeFileSync(path.join(folder, 'control'), controlScript());
  writeFileSync(path.join(folder, 'dynamic/weights.yml'), 'the row before');
  writeFileSync(
    path.join(folder, 'process'),
    '/nowhere/traefik\n--configFile=x\nx.yml\nhttp://127.0.0.1:1/ping\n',
  );
  writeFileSync(path.join(folder, 'log'), '');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const counted = (text: string): string => `${Buffer.byteLength(text)}\n${text}`;
const inputs = {
  weights: counted(
    'here\nhttp://127.0.0.1:1\nabc123\n1\nhttp:\n  services: { weighted_row: { weighted: {} } }\n',
  ),
  web: counted('here\ntls_server_config: { cert_file: /x/tls.crt, key_file: /x/tls.key }\n'),
  process: counted(
    'here\n/nowhere/traefik\n--configFile=x\ntraefik.yml\nhttp://127.0.0.1:1/ping\nentryPoints: {}\n',
  ),
};
const control = (verb: string, input: string) =>
  spawnSync('sh', [path.join(folder, 'control'), verb], { input, encoding: 'utf8', timeout: 20_000 });
const files = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [name, readFileSync(path.join(parentPath, name), 'utf8')]),
  );

test.each(['weights', 'web', 'process'] as const)(
  '%s that are not what was sent change nothing, and that is told',
  (verb) => {
    const before = files();
    fc.assert(
      fc.property(mutated(inputs[verb]), (input) => {
        // Of the same length and with the same number before it, it may be any other file.
        fc.pre(counted(input.slice(input.indexOf('\n') + 1)) !== input);
        const { status, stderr, signal } = control(verb, input);
        expect([status, signal]).toEqual([1, null]);
        expect(stderr).toMatch(/^host \S+: .*nothing was changed/);
        expect(files()).toEqual(before);
      }),
      fuzz,
    );
  },
);

test('an input that arrived as a whole, and is too short, names what is missing', () => {
  for (const [text, missing] of [
    ['', "the host's name"],
    ['here\n', 'the program'],
    ['here\n/bin/false\n-x\n', 'the name of its configuration'],
    ['here\n/bin/false\n-x\na.yml', 'the name of its configuration'],
  ] as const) {
    expect(control('process', counted(text)).stderr).toContain(
      `the input ends before ${missing}; nothing was changed`,
    );
  }
});

test('a program that is not there is named', () => {
  expect(control('process', inputs.process).stderr).toContain(
    'host here: /nowhere/traefik is not there or is no program',
  );
});
