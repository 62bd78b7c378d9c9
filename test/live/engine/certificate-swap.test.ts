import { describe, expect, it } from 'vitest';
import { swapCertificates } from '../../rigs/certificate-swap.ts';
import { isMissing } from '../../rigs/need.ts';

describe.skipIf(isMissing('openssl'))('certificates that change under traffic', () => {
  it('are shown to new clients at once, and no request fails', async () => {
    const result = await swapCertificates(4);
    expect(result.failures).toEqual([]);
    expect(result.serials.size).toBe(5);
    expect(result.requests).toBeGreaterThan(result.handshakes);
  });
});
