/** What all packages of one run share. */
export interface Release {
  readonly version: string;
  /** Seconds since 1970, of the commit: every file in every package is of that time. */
  readonly epoch: number;
  /** As Node names it. */
  readonly architecture: string;
  readonly executable: string;
  /** Licences of all that is in the executable. */
  readonly licenses: string;
  /** A directory for what is not to stay. */
  readonly scratch: string;
  /** Where the packages go. */
  readonly output: string;
}
