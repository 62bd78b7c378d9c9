/** How a vendor's command line behind a terminal speaks: data, so that one reader serves all. */
export interface TerminalDialect {
  /** Matches the last line, whole, when a command has ended. */
  readonly prompt: RegExp;
  readonly pager: { readonly when: RegExp; readonly answer: string };
  /** Questions on the last line, and what is said to them; the stored second password where it asks for one. */
  readonly questions: readonly { readonly when: RegExp; readonly answer: string | { readonly secret: true } }[];
  /** A last line that asks something which no question above knows. */
  readonly asking: RegExp;
  /** What is answered where no second password is stored; absent = that is an error. */
  readonly noSecret?: string;
  /** What is typed at the beginning of each session, before anything else. */
  readonly opening: readonly string[];
  /** Words of an answer that refuse a line: those after it are not typed. */
  readonly refusal: RegExp;
}
