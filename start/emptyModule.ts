/** Before a program runs, the SDK waits for the debugger's session that this module stands for. */
export const isInitializedAsync = (): Promise<void> => Promise.resolve();
