import fc from 'fast-check';

// CI draws the same examples at each run; people's own runs draw new ones, and a failure names its seed.
if (process.env['CI'] !== undefined) fc.configureGlobal({ seed: 20_261_127 });
