/**
 * All of the lab shares a machine that others use too: a third of what its Go programs took at rest went into waking
 * threads that found nothing to do, and a fifth into collecting garbage of which there is little.
 */
export const goRuntime = { GOMAXPROCS: '1', GOGC: '200' } as const;
