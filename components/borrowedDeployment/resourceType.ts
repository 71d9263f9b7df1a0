import { z } from 'zod';
import { reveal, UNKNOWN, type PropertyMap } from '../../plugin/properties';
import type { ResourceType } from '../podCpu/resourceType';
import { borrowedDeploymentInputs, formerFields } from './inputs';

/** What is in the state beyond the inputs. */
const outputs = z.object({ former: formerFields, labels: z.record(z.string(), z.string()) });

export const borrowedDeploymentType: ResourceType = {
  schema: borrowedDeploymentInputs,
  // Another Deployment: this one is given back.
  replaces: (path) => path === 'namespace' || path === 'deployment',
  idInput: 'deployment',
  unknownOutputs: { labels: UNKNOWN, former: UNKNOWN },
  lastingOutputs: ['labels'],
  async create(inputs, { signal, warn }) {
    const { borrow } = await import('./giveBack.ts');
    const { former, labels, warning } = await borrow(borrowedDeploymentInputs.parse(reveal(inputs)), signal);
    warn(warning);
    return { former: former as unknown as PropertyMap, labels: { ...labels } };
  },
  async update(inputs, old, { signal }) {
    const { borrowOtherwise } = await import('./giveBack.ts');
    const before = reveal(old);
    const { former, labels } = outputs.parse(before);
    const known = await borrowOtherwise(
      borrowedDeploymentInputs.parse(reveal(inputs)),
      borrowedDeploymentInputs.parse(before),
      former,
      signal,
    );
    return { former: known as unknown as PropertyMap, labels };
  },
  // What was before does not change.
  read: () => Promise.resolve({}),
  async delete(old, { signal, warn }) {
    const { giveBack } = await import('./giveBack.ts');
    const state = reveal(old);
    warn(await giveBack(borrowedDeploymentInputs.parse(state), outputs.parse(state), signal));
  },
};
