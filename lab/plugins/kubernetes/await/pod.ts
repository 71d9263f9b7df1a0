import { textAt } from '../../provider/properties';
import { READY, waiting, type Assessment, type Awaiter, type Seen } from './assessment';
import { isPodReady, podReasons } from './podReasons';

/** Ready when it serves or has done its work; failed when its containers have ended and will not start again. */
export const pod: Awaiter = { defaultTimeoutSeconds: 600, assessOnRead: true, assess };

function assess({ object }: Seen): Assessment {
  if (isPodReady(object)) return READY;
  const reasons = podReasons(object);
  const phase = textAt(object, 'status', 'phase') ?? 'Pending';
  if (phase === 'Failed')
    return { state: 'failed', reasons: reasons.length > 0 ? reasons : ['The Pod has failed'] };
  return waiting(
    `Waiting for Pod to be ready (${phase})`,
    reasons.length > 0 ? reasons : [`The Pod is ${phase}`],
  );
}
