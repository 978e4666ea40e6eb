/** A configuration of ours as it is written; what is undefined is left out. */
export type Draft = Readonly<Record<string, unknown>>;
export type Blocks = Readonly<Record<string, Draft | readonly Draft[] | undefined>>;

/** Without what was not there. */
export function filled(draft: Draft): Draft {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined));
}
