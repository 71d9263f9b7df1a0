import { parseThrottling } from '../../../../driver/verify/cpuThrottling';

const uptime = '350735.47 234388.90\n';

test('cgroup v2: its counts, the period of its quota, the node’s clock', () => {
  const stat = 'usage_usec 12\nnr_periods 40\nnr_throttled 31\nthrottled_usec 900\n';
  const read = { throttledPeriods: 31, periodMicros: 50_000, uptimeSeconds: 350735.47 };
  expect(parseThrottling(`${stat}2810 50000\n${uptime}`)).toEqual(read);
  expect(parseThrottling(`${stat}max 50000\n${uptime}`)).toEqual(read);
});

test('cgroup v1 has a file for the period alone', () => {
  expect(
    parseThrottling(`nr_periods 40\nnr_throttled 31\nthrottled_time 900\n100000\n${uptime}`),
  ).toMatchObject({ throttledPeriods: 31, periodMicros: 100_000 });
});

test.each([
  '',
  'cat: not found',
  `nr_throttled -1\n100 100000\n${uptime}`,
  `nr_throttled 1\n100 0\n${uptime}`,
  `nr_throttled 1\n${uptime}`,
  'nr_throttled 1\n100 100000\n',
])('%j is unknown, and no number', (text) => {
  expect(parseThrottling(text)).toHaveProperty('unknown');
});
