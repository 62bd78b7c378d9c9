/** Profiles that come with a BIG-IP, 11 to 17 (lists of default objects in public tools for AS3; `show` of a system with nothing set up). */
const clientSsl = [
  'clientssl',
  'clientssl-insecure-compatible',
  'clientssl-quic',
  'clientssl-secure',
  'crypto-server-default-clientssl',
  'splitsession-default-clientssl',
  'wom-default-clientssl',
];
const serverSsl = [
  'serverssl',
  'serverssl-insecure-compatible',
  'serverssl-secure',
  'apm-default-serverssl',
  'cloud-service-default-ssl',
  'crypto-client-default-serverssl',
  'do-not-remove-without-replacement',
  'f5aas-default-ssl',
  'pcoip-default-serverssl',
  'shape-api-ssl',
  'splitsession-default-serverssl',
  'wom-default-serverssl',
];
const names: ReadonlySet<string> = new Set([...clientSsl, ...serverSsl].map((name) => `/Common/${name}`));
const ofServers: ReadonlySet<string> = new Set(serverSsl.map((name) => `/Common/${name}`));

/** Others are made from it, and it is the same on every device: it is never changed from here. */
export function isBuiltInProfile(name: string): boolean {
  return names.has(name);
}

/** One of those for TLS towards members, which a configuration file need not hold. */
export function isBuiltInServerSsl(name: string): boolean {
  return ofServers.has(name);
}
