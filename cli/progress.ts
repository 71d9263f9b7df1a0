import ora from 'ora';
import type { Step } from '../driver/step';

/** Shows each step on standard error: a spinner with the time on a terminal, one plain line when done elsewhere. */
export const showStep: Step = async (label, work) => {
  const spinner = ora({ text: label, isSilent: !process.stderr.isTTY }).start();
  const start = performance.now();
  const elapsed = (): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  const ticking = setInterval(() => {
    spinner.text = `${label} (${elapsed()})`;
  }, 200);
  const finish = (mark: 'succeed' | 'fail'): void => {
    clearInterval(ticking);
    const line = `${label}: ${mark === 'succeed' ? 'done' : 'failed'} in ${elapsed()}`;
    if (process.stderr.isTTY) spinner[mark](line);
    else process.stderr.write(`${line}\n`);
  };
  try {
    const result = await work();
    finish('succeed');
    return result;
  } catch (error) {
    finish('fail');
    throw error;
  }
};

/** Says something that people should know, on standard error. */
export function tellNote(note: string): void {
  console.error(`note: ${note}`);
}
