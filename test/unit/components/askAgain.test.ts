import { ApiException } from '../../../cluster/client';
import { askAgain } from '../../../components/podCpu/askAgain';

const refusal = (code: number, headers: Record<string, string> = {}): Error =>
  new ApiException(code, 'no', { message: 'no' }, headers);
const cancel = new AbortController().signal;

/** Asks a server whose answers are these errors, and then `yes`; says how often it was asked, and for how long. */
async function asked(errors: Error[], conflictPasses = true, signal = cancel) {
  const begun = performance.now();
  let times = 0;
  const request = (): Promise<string> => {
    times += 1;
    const error = errors.shift();
    return error ? Promise.reject(error) : Promise.resolve('yes');
  };
  const options = { conflictPasses, cancel: signal, random: () => 0 };
  const answer = await askAgain(request, options).catch(
    (error: unknown) => (error as ApiException<unknown>).code,
  );
  return { answer, times, ms: performance.now() - begun };
}

test.each([409, 429, 500, 503])('%d may pass: it is asked again', async (code) => {
  const { answer, times, ms } = await asked([refusal(code)]);
  expect({ answer, times }).toEqual({ answer: 'yes', times: 2 });
  expect(ms).toBeGreaterThan(240);
});

test('no answer in time, too', async () => {
  expect(await asked([Object.assign(new Error('late'), { name: 'TimeoutError' })])).toMatchObject({
    answer: 'yes',
    times: 2,
  });
});

test('three times in all, a longer pause each time', async () => {
  const { answer, times, ms } = await asked([500, 500, 500].map((code) => refusal(code)));
  expect({ answer, times }).toEqual({ answer: 500, times: 3 });
  expect(ms).toBeGreaterThan(740);
});

test('as late as the server says, and not at all where that is too late', async () => {
  expect((await asked([refusal(429, { 'retry-after': '1' })])).ms).toBeGreaterThan(990);
  expect(await asked([refusal(429, { 'retry-after': '31' })])).toMatchObject({ answer: 429, times: 1 });
});

test.each([400, 403, 404, 422])('%d stays: it is not asked again', async (code) => {
  expect(await asked([refusal(code)])).toMatchObject({ answer: code, times: 1 });
});

test('a conflict stays where the request names the version that it changes', async () => {
  expect(await asked([refusal(409)], false)).toMatchObject({ answer: 409, times: 1 });
});

test('a pause ends where the update is cancelled', async () => {
  const { ms } = await asked([refusal(429, { 'retry-after': '20' })], true, AbortSignal.timeout(100));
  expect(ms).toBeLessThan(5000);
});
