/**
 * A command that is refused, in the words of the appliance: `ERROR: No such resource [serviceGroupName, x]`. The words "No such
 * resource", "Resource already exists", "No such argument", "Argument pre-requisite missing" and "Operation not permitted" are those
 * of NITRO's errors 258, 273, 1090, 1093 and 257, as public issues of its clients quote them; the others are not seen in public.
 */
export class CommandRefused extends Error {
  constructor(what: string, ...about: readonly string[]) {
    super(about.length === 0 ? `ERROR: ${what}` : `ERROR: ${what} [${about.join(', ')}]`);
  }
}
