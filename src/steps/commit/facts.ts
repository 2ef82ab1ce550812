export type CommitFacts = { readonly proven: boolean };
