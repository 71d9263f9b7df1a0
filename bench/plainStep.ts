import type { Step } from '../driver/step';

/** Says on standard error how long each step took: standard output is the figures'. */
export const plainStep: Step = async (label, work) => {
  const start = performance.now();
  const result = await work();
  console.error(`${label}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
};
