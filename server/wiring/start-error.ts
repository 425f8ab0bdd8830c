/** What the person who starts TEAM can mend; shown without a stack. */
export class StartError extends Error {}
