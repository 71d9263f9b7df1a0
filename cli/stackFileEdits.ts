import path from 'node:path';
import { messageOf } from '../driver/messageOf';
import type { RunObserver } from '../driver/runObserver';
import { differingKeys, readStackSettings } from '../stack/stackFile';
import { digestOf } from './resumableRun';

/**
 * Watches the stack file that a run works on a copy of. What a person changes there meanwhile is told by name: the run's
 * plans are made for what its copy says, so that it takes none of it.
 */
export class StackFileEdits implements RunObserver {
  private told = '';

  /**
   * @param original the file that people edit
   * @param copy the same as it was when the run began, but for the plan
   * @param planBefore digest of the plan that the original had then
   */
  constructor(
    private readonly original: string,
    private readonly copy: string,
    private readonly planBefore: string,
    private readonly tell: (note: string) => void,
  ) {}

  onApplied(): void {
    this.look();
  }

  onEnd(): void {
    this.look();
  }

  /** Tells what is other than it was told last. */
  private look(): void {
    const edits = this.edits();
    if (edits === this.told) return;
    this.told = edits;
    const file = path.basename(this.original);
    this.tell(
      edits === ''
        ? `${file} is again as it was when the run began`
        : `${file} was edited since the run began, which does not take that: ${edits}. The next run or apply of that file does`,
    );
  }

  private edits(): string {
    try {
      const plan = digestOf(readStackSettings(this.original).plan) === this.planBefore ? [] : ['casper:plan'];
      return [...differingKeys(this.original, this.copy), ...plan].join(', ');
    } catch (error) {
      // It may be in the midst of being edited, which is no end of the run.
      return messageOf(error);
    }
  }
}
