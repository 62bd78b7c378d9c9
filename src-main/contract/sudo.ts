/**
 * How a command line begins that runs as root by sudo(8) where it asks for the account's password: `-S` reads it from standard input, `-k`
 * makes it ask whether it has asked lately or not, so that the password is never left over for the command to read. Who pastes such a line
 * into a shell is asked by this prompt.
 */
export const sudoAsking = "sudo -k -S -p 'Password for sudo: '";
export const sudoPrompt = 'Password for sudo: ';
