import { describe } from 'vitest';
import { isMissing } from '../rigs/need.ts';
import { tellStory } from './appliance-story.ts';

describe.skipIf(isMissing('chromium'))('NetScaler', () => {
  tellStory({
    vendor: 'netscaler',
    unmodelled: /set ns config -IPAddress 192\.0\.2\.10/,
    touched: /site\/app/,
    algorithm: 'least-bandwidth',
    sent: [
      'set serviceGroup app w1 80 -weight 3',
      'disable serviceGroup app w2 80 -graceFul YES',
      'set lb vserver shop -lbMethod LEASTBANDWIDTH',
      '-persistenceType SOURCEIP -timeout 10',
    ],
    inverse: ['set serviceGroup app w1 80 -weight 1', 'enable serviceGroup app w2 80'],
    newMember: { name: 'w3:80', sent: ['add server w3 192.0.2.3', 'bind serviceGroup app w3 80'] },
    save: 'save ns config',
    refused: { form: 'persistence', words: /Argument value is out of range/ },
  });
});
