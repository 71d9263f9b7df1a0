import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import { PrometheusServer, type PrometheusServerArgs } from '../../components/prometheusServer';
import { CertificateAuthority, type KeyPair } from '../../lab/cluster/certificates';
import { rawSamples, type PrometheusAt, type Series } from '../../observe/prometheus';
import { passwordHash } from '../../program/passwordHash';
import type { EngineStack } from '../engineStack';
import { MetricsServer } from './observe/metricsServer';
import { freePort } from './sshServer';
import { debianProgram, engineStack } from './tools';

jest.setTimeout(300_000);

/** A Prometheus that asks for a password over TLS, on this machine. */
let scratch: string;
let root: string;
let stack: EngineStack;
let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let own: KeyPair;
let traefik: MetricsServer;
let address: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'hosts-'));
  authority = await CertificateAuthority.create('authority', scratch);
  stranger = await CertificateAuthority.create('stranger', scratch);
  own = await authority.issue({ name: 'own', commonName: 'prometheus', addresses: ['127.0.0.1'] });
  traefik = await MetricsServer.start();
});
beforeEach(async () => {
  root = join(scratch, 'casper');
  stack = await engineStack('prometheus-guard');
  address = `127.0.0.1:${await freePort()}`;
});
afterEach(async () => {
  if (existsSync(join(root, 'prometheus'))) {
    execFileSync('sh', [join(root, 'prometheus', 'control'), 'remove']);
  }
  await stack.remove();
});
afterAll(async () => {
  await traefik.stop();
  rmSync(scratch, { recursive: true });
});

const password = 'canary-first-password';
const guard = async (of = password): Promise<Partial<PrometheusServerArgs>> => ({
  tls: own,
  login: { user: 'casper', passwordHash: await passwordHash(of, address) },
});
const program =
  (more: Partial<PrometheusServerArgs>): PulumiFn =>
  () => {
    const { url } = new PrometheusServer('metrics', {
      host: { name: 'here' },
      folder: join(root, 'prometheus'),
      program: debianProgram('/usr/bin/prometheus', 'prometheus'),
      address,
      targets: { north: traefik.target },
      ...more,
    });
    return Promise.resolve({ url });
  };
const processId = (): string => readFileSync(join(root, 'prometheus', 'pid'), 'utf8').split(' ')[0] ?? '';
const access = (given: string, ca = authority.pem): PrometheusAt => ({
  url: `https://${address}`,
  authority: ca,
  login: { user: 'casper', password: given },
});
/** Samples of a target's `up`, once there are some. */
async function upOf(at: PrometheusAt): Promise<Series[]> {
  for (;;) {
    const series = await rawSamples(at, 'up{job="traefik"}', 10_000);
    if (series.length > 0) return series;
    await sleep(100);
  }
}
/** The status of a query without user or password; of whom the certificate is, is not looked at. */
const statusOf = (url: string): string =>
  execFileSync(
    'curl',
    ['--silent', '--insecure', '--noproxy', '*', '--output', '/dev/null', '--write-out', '%{http_code}', url],
    {
      encoding: 'utf8',
    },
  );

test('nobody without the password reads it, by TLS alone, and casper does; nothing of it is in clear anywhere', async () => {
  const { outputs } = await stack.up(program(await guard()));
  expect(outputs['url']).toBe(`https://${address}`);
  expect((await upOf(access(password)))[0]?.samples.at(-1)?.value).toBe(1);

  for (const path of ['/-/ready', '/metrics', '/api/v1/query?query=up', '/api/v1/status/config']) {
    expect([path, statusOf(`https://${address}${path}`)]).toEqual([path, '401']);
    expect([path, statusOf(`http://${address}${path}`)]).toEqual([path, '400']);
  }
  await expect(rawSamples(access('another'), 'up', 1000)).rejects.toThrow(
    'refuses the user and the password',
  );
  await expect(rawSamples(access(password, stranger.pem), 'up', 1000)).rejects.toThrow('is not trusted');
  await expect(rawSamples(`http://${address}`, 'up', 1000)).rejects.toThrow('answers with status 400');

  const hash = await passwordHash(password, address);
  const stored = await stack.everythingStored();
  const running = execFileSync('ps', ['-eo', 'args']).toString();
  expect(running).toContain(`--web.config.file=${join(root, 'prometheus', 'web.yml')}`);
  for (const secret of [password, hash, hash.slice(7)]) {
    expect(stored).not.toContain(secret);
    expect(running).not.toContain(secret);
    expect(readFileSync(join(root, 'prometheus', 'log'), 'utf8')).not.toContain(secret);
  }
  expect(stored).not.toContain('PRIVATE KEY');
  expect((statSync(join(root, 'prometheus', 'web.yml')).mode & 0o777).toString(8)).toBe('600');
  expect((await stack.preview(program(await guard()))).touched).toEqual([]);

  await stack.destroy();
  expect(existsSync(root)).toBe(false);
});

test('another password holds without a restart; one that is put up or taken away restarts once', async () => {
  await stack.up(program({}));
  expect(statusOf(`http://${address}/-/ready`)).toBe('200');
  const open = processId();
  expect((await stack.up(program(await guard()))).touched).toEqual([
    'create metrics-prometheus-web',
    'update metrics-prometheus-process',
  ]);
  const guarded = processId();
  expect(guarded).not.toBe(open);
  expect((await upOf(access(password))).length).toBe(1);

  const changed = await stack.up(program(await guard('canary-next-password')));
  expect(changed.touched).toEqual(['update metrics-prometheus-web']);
  expect(processId()).toBe(guarded);
  expect((await upOf(access('canary-next-password'))).length).toBe(1);
  await expect(rawSamples(access(password), 'up', 1000)).rejects.toThrow('refuses the user and the password');

  expect((await stack.up(program({}))).touched).toEqual([
    'delete metrics-prometheus-web',
    'update metrics-prometheus-process',
  ]);
  expect(statusOf(`http://${address}/-/ready`)).toBe('200');
  expect(existsSync(join(root, 'prometheus', 'web.yml'))).toBe(false);
});

test('a certificate that is not there is named, and the one before goes on', async () => {
  const missing = { certificateFile: '/nowhere/own.crt', keyFile: own.keyFile };
  const never = await stack.upFails(program({ tls: missing }));
  expect(never).toContain('/nowhere/own.crt');
  await stack.up(program(await guard()));
  const before = processId();
  const message = await stack.upFails(program({ ...(await guard()), tls: missing }));
  expect(message).toContain('does not answer by its new web.yml, and the one before is back');
  expect(message).not.toContain(await passwordHash(password, address));
  expect(processId()).toBe(before);
  expect((await upOf(access(password))).length).toBe(1);
});
