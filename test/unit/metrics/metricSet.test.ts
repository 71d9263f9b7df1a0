import { metrics } from '../../../metrics/definitions';
import { MetricSet } from '../../../metrics/metricSet';

test('the text is Prometheus’ own, with label values escaped', () => {
  const set = new MetricSet({ stack: 'a"b\\c\nd' });
  set.set('casper_interval_seconds', 3600);
  set.add('casper_changes_total', 2);
  set.add('casper_changes_total', 3);
  expect(set.text()).toBe(
    [
      '# HELP casper_interval_seconds Length of a scheduling interval.',
      '# TYPE casper_interval_seconds gauge',
      'casper_interval_seconds{stack="a\\"b\\\\c\\nd"} 3600',
      '# HELP casper_changes_total Resources that updates changed.',
      '# TYPE casper_changes_total counter',
      'casper_changes_total{stack="a\\"b\\\\c\\nd"} 5',
      '',
    ].join('\n'),
  );
});

test('a set goes on from its own text, and passes over what is none of its own', () => {
  const first = new MetricSet({ stack: 's' });
  first.add('casper_ticks_total', 4, { outcome: 'failed' });
  first.set('casper_planned_servers', 6, { region: 'a' });
  const second = new MetricSet({ stack: 's' });
  const others =
    'casper_changes_total{stack="other"} 9\ngone_total{stack="s"} 1\nhalf a li\ncasper_changes_total{stack="s"} x\n';
  second.goOnFrom(first.text() + others);
  second.add('casper_ticks_total', 1, { outcome: 'failed' });
  expect(second.text()).toContain('casper_ticks_total{stack="s",outcome="failed"} 5\n');
  expect(second.text()).toContain('casper_planned_servers{stack="s",region="a"} 6\n');
  expect(second.text()).not.toMatch(/other|gone|casper_changes_total/);
});

test('labels that a metric does not have are a mistake of the program', () => {
  const set = new MetricSet({ stack: 's' });
  expect(() => {
    set.set('casper_planned_servers', 1, { origin: 'a' });
  }).toThrow('casper_planned_servers has the labels region, got origin');
});

test('names and help are as Prometheus’ conventions have them', () => {
  for (const [name, { type, help, labels }] of Object.entries(metrics)) {
    expect(name).toMatch(/^casper_[a-z]+(_[a-z]+)*$/);
    expect([name, /_total$/.test(name)]).toEqual([name, type === 'counter']);
    expect(help).toMatch(/^\S[^\n\\]*\.$/);
    expect(labels).not.toContain('stack');
  }
});
