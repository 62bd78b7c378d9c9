import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../../src-main/engine/config/load.ts';
import type { CarriedServer } from '../../../src-main/simulate/carried.ts';
import { engineConfigOf, scaled } from '../../../src-main/simulate/carrier-config.ts';
import type { ServedTls } from '../../../src-main/simulate/served-tls.ts';

const monitor = { type: 'http', intervalMs: 1000, timeoutMs: 500, rise: 1, fall: 2, path: '/health' } as const;

function serverOf(more: Partial<CarriedServer>): CarriedServer {
  const member = {
    key: 'p a',
    address: '127.0.0.1',
    port: 9001,
    weight: 3,
    state: 'enabled',
    monitors: [monitor],
  } as const;
  const pool = { name: 'p', method: { name: 'round-robin' }, members: [member] } as const;
  return { key: 'v', address: '127.0.0.1', port: 8080, protocol: 'http', isOn: true, pool, ...more };
}

describe('the configuration of the engine that carries traffic', () => {
  test('is one that the engine takes, one pool and one monitor for all that share them', () => {
    const servers = [
      serverOf({}),
      serverOf({ key: 'w', address: '::1', isOn: false, persistence: { method: 'source-ip', ipv4Prefix: 24 } }),
    ];
    const config = engineConfigOf(servers, () => '');
    expect(checkConfig(config, '/').config).toEqual(config);
    expect(config.virtualServers?.map(({ listen, adminState, pool }) => [listen, adminState, pool])).toEqual([
      [['127.0.0.1:8080'], 'enabled', 'p'],
      [['[::1]:8080'], 'disabled', 'p'],
    ]);
    expect([config.pools?.length, config.monitors?.length]).toEqual([1, 1]);
  });

  test('sends and probes nothing on another machine', () => {
    const far = { key: 'p a', address: '192.0.2.1', port: 80, state: 'enabled', monitors: [monitor] } as const;
    const { pools } = engineConfigOf(
      [serverOf({ pool: { name: 'p', method: { name: 'random' }, members: [far] } })],
      () => '',
    );
    expect(pools?.[0]?.members?.[0]).toMatchObject({ adminState: 'disabled', monitors: [] });
  });

  test('keeps shares where the weights of an appliance are too large for the engine', () => {
    expect(scaled([3000, 1000])).toEqual([3, 1]);
    expect(scaled([65_535, 1])).toEqual([256, 1]);
    expect(scaled([0, 5])).toEqual([0, 1]);
    expect(scaled([])).toEqual([]);
  });

  test('speaks the versions between the oldest and the newest that are on, with the suites that OpenSSL knows', () => {
    const certificate = { name: 'c', chain: ['CERT'], key: 'KEY', isForName: false };
    const tls: ServedTls = {
      certificates: [{ ...certificate, name: 'by name', isForName: true }, certificate],
      versions: ['SSLv3', 'TLSv1.2', 'TLSv1.3'],
      ciphers: ['ECDHE-RSA-AES128-GCM-SHA256', 'NO-SUCH-SUITE', 'TLS_AES_128_GCM_SHA256'],
      clientCertificate: 'required',
      authorities: ['CA'],
    };
    const [server] = engineConfigOf([serverOf({ tls })], (text) => `${text}.pem`).virtualServers ?? [];
    expect(server?.tls).toEqual({
      certificates: [
        { name: 'c', certFile: 'CERT.pem', keyFile: 'KEY.pem' },
        { name: 'by name', certFile: 'CERT.pem', keyFile: 'KEY.pem' },
      ],
      minVersion: '1.2',
      maxVersion: '1.3',
      ciphers: ['ECDHE-RSA-AES128-GCM-SHA256'],
      cipherSuites: ['TLS_AES_128_GCM_SHA256'],
      clientAuth: 'required',
      caFile: 'CA.pem',
    });
  });
});
