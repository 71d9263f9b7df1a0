/**
 * Go's runtime in Pulumi's engine and its plugins, which live for seconds: with Go's own GOGC of 100, a tenth of their
 * CPU time goes into collecting their garbage. What the environment says comes first.
 */
export const engineRuntime = { GOGC: process.env['GOGC'] ?? '400' } as const;
