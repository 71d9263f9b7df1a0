import { BandVerdicts, DemandWatch } from '../../../live/demandWatch';
import { liveSchema } from '../../../stack/liveSchema';
import { cleanUp } from '../signals/carbonServer';
import { liveStack, removeStacks } from './liveStack';

afterEach(async () => {
  await cleanUp();
  removeStacks();
});

const { band } = liveSchema.parse({});

test('demand counts as other than planned once it has been so for a while', () => {
  const verdicts = new BandVerdicts({ paris: 100 });
  expect(verdicts.observe({ paris: 150 }, band, 0)).toEqual([]);
  expect(verdicts.observe({ paris: 150 }, band, 3999)).toEqual([]);
  expect(verdicts.observe({ paris: 160 }, band, 4000)).toEqual([
    { origin: 'paris', requestsPerSecond: 160, planned: 100 },
  ]);
});

test('not by a moment, nor by what nobody measured, nor from one side to the other', () => {
  const verdicts = new BandVerdicts({ paris: 100 });
  verdicts.observe({ paris: 150 }, band, 0);
  verdicts.observe({ paris: 100 }, band, 2000);
  expect(verdicts.observe({ paris: 150 }, band, 4000)).toEqual([]);
  verdicts.observe({}, band, 6000);
  expect(verdicts.observe({ paris: 150 }, band, 8000)).toEqual([]);
  expect(verdicts.observe({ paris: 10 }, band, 12_000)).toEqual([]);
  expect(verdicts.observe({ paris: 10 }, band, 16_000)).toHaveLength(1);
});

test('within the band, and by a few requests, nothing is out', () => {
  const verdicts = new BandVerdicts({ paris: 100, sydney: 2 });
  for (const atMs of [0, 5000, 10_000]) {
    expect(verdicts.observe({ paris: 110, sydney: 6 }, band, atMs)).toEqual([]);
    expect(verdicts.observe({ paris: 45, sydney: 0 }, band, atMs)).toEqual([]);
  }
});

test('measures while a run goes on, and tells', async () => {
  const stack = await liveStack(null, true);
  stack.set(['casper:live'], { band: { forSeconds: 1 } });
  const watch = new DemandWatch(stack.configFile);
  watch.plannedFor({ dirty: 10 });
  watch.onBegin();
  await watch.changed();
  expect(watch.outOfBand).toEqual([{ origin: 'dirty', requestsPerSecond: 40, planned: 10 }]);
  watch.plannedFor({ dirty: 45 });
  expect(watch.outOfBand).toEqual([]);
  await watch.onEnd();
});
