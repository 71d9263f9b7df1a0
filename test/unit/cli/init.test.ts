import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readStackSettings } from '../../../stack/stackFile';
import { goodFiles, removeTraceFolders, traceFolder } from '../traces/traceFolder';

afterEach(removeTraceFolders);

const main = path.resolve(__dirname, '../../../dist/cli/main.js');

/** A trace whose columns are called like grid zones. */
function zoneFolder(): string {
  const files = Object.entries(goodFiles).map(([name, text]) => [
    name,
    text.replace('north', 'DE').replace('south', 'US-CAL-CISO').replace('west', 'us-cal-ciso'),
  ]);
  return traceFolder(Object.fromEntries(files) as typeof goodFiles);
}

function init(traces: string, ...image: string[]) {
  const stackFile = path.join(traces, 'Pulumi.new.yaml');
  const args = [main, 'init', '--traces', traces, '--config-file', stackFile, '--context', 'mine', ...image];
  return { stackFile, ...spawnSync(process.execPath, args, { encoding: 'utf8' }) };
}

test('zones for regions: says what to write, word for word, and works once it is written', () => {
  const traces = zoneFolder();
  const refused = init(traces);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('DE, US-CAL-CISO: regions are called by lower-case letters');
  const file = path.join(traces, 'zones.csv');
  expect(refused.stderr).toContain(`Write ${file} with these lines`);
  const lines = refused.stderr.slice(refused.stderr.indexOf('zone,region'));
  expect(lines).toBe('zone,region\nDE,de\nUS-CAL-CISO,us-cal-ciso-2\n');
  writeFileSync(file, lines);
  const { status, stderr, stackFile } = init(traces, '--image', 'registry.test/shop:1');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(readStackSettings(stackFile).regions).toMatchObject([
    { name: 'de', signal: { zone: 'DE' } },
    { name: 'us-cal-ciso-2', signal: { zone: 'US-CAL-CISO' } },
    { name: 'us-cal-ciso' },
  ]);
  const planned = execFileSync(
    process.execPath,
    [main, 'plan', '--traces', traces, '--at', '2025-06-01T00:00:00Z', '--json'],
    { encoding: 'utf8' },
  );
  expect(JSON.parse(planned)).toMatchObject({ regions: ['de', 'us-cal-ciso-2', 'us-cal-ciso'] });
  expect(readFileSync(stackFile, 'utf8')).toContain('zone: US-CAL-CISO');
});

test('without an image the file has the lab’s, which is said', () => {
  const { status, stderr } = init(traceFolder(goodFiles));
  expect(status).toBe(0);
  expect(stderr).toMatch(
    /^note: casper:service\.image is that of .*, which the lab alone has: .* --image\n$/,
  );
});
