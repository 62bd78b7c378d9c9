import { describe } from 'vitest';
import { isMissing } from '../rigs/need.ts';
import { tellStory } from './appliance-story.ts';

describe.skipIf(isMissing('chromium'))('F5', () => {
  tellStory({
    vendor: 'f5',
    unmodelled: /ltm rule \/Common\/greet[\s\S]*an iRule/,
    touched: /deep|\/Common\/api/,
    algorithm: 'least-sessions',
    sent: [
      'modify ltm pool /Common/app members modify { /Common/w1:80 { ratio 3 } }',
      'modify ltm pool /Common/app members modify { /Common/w2:80 { session user-disabled state user-up } }',
      'modify ltm pool /Common/app load-balancing-mode least-sessions',
      'create ltm persistence source-addr /Common/shop_persist { defaults-from /Common/source_addr timeout 600 }',
    ],
    inverse: ['modify ltm pool /Common/app members modify { /Common/w1:80 { ratio 1 } }'],
    newMember: {
      name: '/Common/w3:80',
      sent: ['create ltm node /Common/w3 { address 192.0.2.3 }', 'members delete { /Common/w2:80 }'],
    },
    save: 'save sys config',
    refused: { form: 'service', words: /is not in the range 0 - 65535/ },
  });
});
