// A planted bug: an exact substitution in one file of the core, applied to a copy of the sources.
// It names the oracle that must catch it. An oracle that catches nothing proves nothing.

export type Mutant = Readonly<{
  name: string;
  bug: string; // what it breaks, in a sentence
  file: string;
  find: string; // occurs exactly once in the file, or the mutant is out of date
  replace: string;
  oracle: string; // the one that must catch it first
  scenario: string; // where to hunt
  seeds: readonly [from: number, to: number];
}>;
