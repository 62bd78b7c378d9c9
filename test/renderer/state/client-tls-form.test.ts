import { describe, expect, test } from 'vitest';
import type { WritablePath } from '../../../src-main/contract/api.ts';
import { mozillaProfiles } from '../../../src-main/contract/tls-profiles.ts';
import { changesText } from '../../../src-renderer/messages/changes.ts';
import { clientTlsForm } from '../../../src-renderer/state/client-tls-form.ts';
import { Staging } from '../../../src-renderer/state/staging.svelte.ts';

const writes: readonly WritablePath[] = [
  'virtualServer.tls.minVersion',
  'virtualServer.tls.maxVersion',
  'virtualServer.tls.ciphers',
  'virtualServer.tls.cipherSuites',
  'virtualServer.tls.alpn',
  'virtualServer.tls.clientAuth',
  'virtualServer.tls.caFile',
];
const tls = { certificates: [{ certFile: '/site.pem' }], minVersion: '1.2', ciphers: ['A', 'B'], strictSni: true };

describe('TLS towards clients', () => {
  test('asks for what the device takes, and for whom to trust where clients show certificates', () => {
    const form = clientTlsForm(tls, writes);
    const keys = ['profile', 'minVersion', 'maxVersion', 'ciphers', 'cipherSuites', 'alpn', 'clientAuth'];
    expect(form.fields(form.values).map(({ key }) => key)).toEqual(keys);
    expect(form.fields({ ...form.values, clientAuth: 'required' }).map(({ key }) => key)).toEqual([...keys, 'caFile']);
    const narrow = clientTlsForm(tls, ['virtualServer.tls.alpn']);
    expect(narrow.fields(narrow.values).map(({ key }) => key)).toEqual(['alpn']);
  });

  test('keeps what it does not ask for, and takes away what is left empty', () => {
    const form = clientTlsForm(tls, writes);
    expect(form.read(form.values)).toEqual({ settings: { tls } });
    expect(form.read({ ...form.values, minVersion: '', ciphers: ' A, B:C ', alpn: 'h2,http/1.1' })).toEqual({
      settings: {
        tls: {
          certificates: tls.certificates,
          strictSni: true,
          ciphers: ['A', 'B', 'C'],
          alpn: ['h2', 'http/1.1'],
        },
      },
    });
  });

  test("a profile of Mozilla's fills in versions and suites, is known again, and ends where one of them is changed", () => {
    const form = clientTlsForm({ ...tls, groups: ['x25519'] }, writes);
    expect(form.values['profile']).toBe('');
    const chosen = form.follow?.({ ...form.values, profile: 'modern' }, 'profile') ?? {};
    const { minVersion, maxVersion, cipherSuites: suites } = mozillaProfiles.modern;
    const kept = { certificates: tls.certificates, strictSni: true };
    const modern = { ...kept, groups: ['x25519'], minVersion, maxVersion, cipherSuites: [...suites] };
    expect(form.read(chosen)).toEqual({ settings: { tls: modern } });
    expect(clientTlsForm(modern, writes).values['profile']).toBe('modern');
    expect(form.follow?.({ ...chosen, minVersion: '1.2' }, 'minVersion')['profile']).toBe('');
  });

  test.each([
    [{ minVersion: '1.3', maxVersion: '1.2' }, 'maxVersion'],
    [{ clientAuth: 'required' }, 'caFile'],
    [{ clientAuth: 'optional', caFile: 'two words' }, 'caFile'],
  ])('is not %j', (values, wrong) => {
    const form = clientTlsForm(tls, writes);
    expect(form.read({ ...form.values, ...values })).toEqual({ wrong });
  });

  test('is told in words and wished for whole, so that what was taken away goes', () => {
    const staging = new Staging();
    const of = { of: 'virtualServer', device: 'lb', virtualServer: 'web' } as const;
    const wanted = { certificates: tls.certificates, minVersion: '1.3' };
    staging.stageSettings(of, { tls }, { tls: wanted });
    expect(staging.desired('lb')).toEqual({ virtualServers: [{ name: 'web', tls: { ...wanted, exact: true } }] });
    expect(staging.edits.map((edit) => changesText.edit(edit))).toEqual(['web TLS from 1.2, A:B → TLS from 1.3']);
    staging.stageSettings(of, { tls }, { tls });
    expect(staging.count).toBe(0);
  });
});
