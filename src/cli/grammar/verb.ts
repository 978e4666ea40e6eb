import type { ErrorCode } from '../../errors.ts';
import type { Flag, Offers, Switch, ValueOf } from './flag.ts';

/** What stands behind a verb without a flag. */
export interface Argument {
  readonly name: string;
  readonly doc: string;
  readonly min: number;
  readonly max: number;
  readonly offers: Offers;
}

export interface Verb {
  /** One line of the overview. */
  readonly summary: string;
  /** A paragraph or two more, for its own page. */
  readonly story?: string;
  readonly argument?: Argument;
  readonly flags: Readonly<Record<string, Switch | Flag<unknown>>>;
  /** Flags of which at most one may be given. */
  readonly apart?: readonly string[];
  /** Flags that mean something only beside another. */
  readonly needs?: Readonly<Record<string, string>>;
  readonly example: { readonly asked: string; readonly prints: string };
  /** What exit code 0 says. */
  readonly ok: string;
  /** How else it can end. */
  readonly ends: readonly ErrorCode[];
}

export type FlagsOf<Declared extends Verb> = { readonly [Name in keyof Declared['flags']]: ValueOf<Declared['flags'][Name]> };
