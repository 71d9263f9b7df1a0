/** Runs one piece of work under a name that says what is waited for; how it is shown is the caller's matter. */
export type Step = <T>(label: string, work: () => Promise<T>) => Promise<T>;
