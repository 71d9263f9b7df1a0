import { execa } from 'execa';
import { PackedPackage } from '../packedPackage';
import { labKubeconfig } from './kubectl';

/** The example as its README has it: a Pulumi program of its own on the packed components, previewed by the engine. */

jest.setTimeout(300_000);

let example: PackedPackage;
beforeAll(async () => {
  labKubeconfig();
  example = await PackedPackage.create();
});
afterAll(() => {
  example.remove();
});

test('pulumi previews a Deployment and a Service in each region', async () => {
  const options = {
    cwd: example.folder,
    env: { PULUMI_BACKEND_URL: `file://${example.folder}`, PULUMI_CONFIG_PASSPHRASE: 'none' },
  };
  await execa('pulumi', ['stack', 'init', 'dev'], options);
  const { stdout } = await execa('pulumi', ['preview', '--json'], options);
  const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
  const created = steps
    .filter(({ op, urn }) => op === 'create' && /:(Deployment|Service|Namespace)::/.test(urn))
    .map(({ urn }) => urn.split(':').slice(-3).join(':').replace('::', ' '));
  expect(created.sort()).toEqual([
    'Deployment eu-west-3',
    'Deployment us-east-1',
    'Namespace web',
    'Service eu-west-3',
    'Service us-east-1',
  ]);
});
