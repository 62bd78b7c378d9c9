import type { TerminalDialect } from '../../contract/terminal.ts';

/**
 * ACOS at a terminal: `vThunder>`, `ACOS-Active-vMaster[1/1](config:1-slb server:s1)#`, `Thunder[partition](NOLICENSE)#` (ACOS CLI
 * reference, and public transcripts). The words of refusal begin with `%`, or name what is not there.
 */
export const a10Terminal: TerminalDialect = {
  prompt: /^[A-Za-z0-9_.-]+(?:\[[^\]\n]*\]|\([^)\n]*\))*[>#]\s?$/,
  pager: { when: /^\s*-+\s*\(?MORE\)?\s*-+/i, answer: ' ' },
  questions: [
    { when: /^\s*Password:\s*$/i, answer: { secret: true } },
    // Leaving or entering configuration while somebody else is in it, or while another profile is loaded.
    { when: /(?:configuration (?:mode|session)|another session)[^]*\?\s*[[(]yes\/no[\])]:?\s*$/i, answer: 'yes' },
  ],
  asking: /(?:\[(?:yes\/no|y\/n|confirm)\]|\((?:yes\/no|y\/n|N\/y)\))\s*:?\s*$/i,
  noSecret: '',
  opening: ['enable', 'terminal length 0'],
  refusal:
    /(?:^|\n)\s*%|[Ii]nvalid|[Aa]mbiguous command|[Ii]ncomplete command|does(?: not|n't) exist|[Nn]ot found|[Nn]o such|[Ff]ailed|cannot|can't|\bin use\b|already exists|[Ee]rror/,
};
