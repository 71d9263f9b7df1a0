import { parseCpuTime } from '../../../calibrate/cpuTime';

test('cgroup v2 tells microseconds, among other lines', () => {
  expect(parseCpuTime('usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n')).toEqual({
    seconds: 1.234567,
  });
});

test('cgroup v1 tells nanoseconds', () => {
  expect(parseCpuTime('1234567890\n')).toEqual({ seconds: 1.23456789 });
});

test.each(['', 'user_usec 12', '12 13', '-1', 'cat: not found'])('%j is unknown, and no number', (text) => {
  expect(parseCpuTime(text)).toEqual({
    unknown: `expected the usage of cpu.stat or of cpuacct, got "${text}"`,
  });
});
