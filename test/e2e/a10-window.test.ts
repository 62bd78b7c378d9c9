import { describe } from 'vitest';
import { isMissing } from '../rigs/need.ts';
import { tellStory } from './appliance-story.ts';

describe.skipIf(isMissing('chromium'))('A10', () => {
  tellStory({
    vendor: 'a10',
    unmodelled: /hostname thunder/,
    touched: /pool api/,
    algorithm: 'least-requests',
    sent: [
      'weight 3',
      'disable-with-health-check',
      'method least-request',
      'slb template persist source-ip shop_80_persist',
    ],
    inverse: ['no weight 3', 'no method least-request'],
    newMember: { name: 'w3:80', sent: ['slb server w3 192.0.2.3', 'no member w2 80'] },
    save: 'write memory all-partitions',
    refused: { form: 'persistence', words: /Unrecognized command/ },
  });
});
