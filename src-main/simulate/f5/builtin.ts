import { type Configuration, parseConfiguration } from './configuration.ts';

/**
 * What every device holds before anybody configures it, cut down to what virtual servers name most. Values are the defaults of the tmsh
 * Reference 15.1; which properties are written is known from public profile_base.conf files of 11 to 15.1.
 */
const text = `
ltm monitor gateway-icmp /Common/gateway_icmp {
    defaults-from none
    destination *:0
    interval 5
    manual-resume disabled
    time-until-up 0
    timeout 16
    transparent disabled
    up-interval 0
}
ltm monitor http /Common/http {
    defaults-from none
    destination *:*
    interval 5
    ip-dscp 0
    manual-resume disabled
    password none
    recv none
    recv-disable none
    reverse disabled
    send "GET /\\r\\n"
    time-until-up 0
    timeout 16
    transparent disabled
    up-interval 0
    username none
}
ltm monitor https /Common/https {
    cert none
    cipherlist DEFAULT:+SHA:+3DES:+kEDH
    compatibility enabled
    defaults-from none
    destination *:*
    interval 5
    ip-dscp 0
    key none
    manual-resume disabled
    password none
    recv none
    recv-disable none
    reverse disabled
    send "GET /\\r\\n"
    time-until-up 0
    timeout 16
    transparent disabled
    up-interval 0
    username none
}
ltm monitor icmp /Common/icmp {
    defaults-from none
    destination *
    interval 5
    time-until-up 0
    timeout 16
    transparent disabled
    up-interval 0
}
ltm monitor tcp /Common/tcp {
    defaults-from none
    destination *:*
    interval 5
    ip-dscp 0
    manual-resume disabled
    recv none
    recv-disable none
    reverse disabled
    send none
    time-until-up 0
    timeout 16
    transparent disabled
    up-interval 0
}
ltm monitor tcp-half-open /Common/tcp_half_open {
    defaults-from none
    destination *:*
    interval 5
    manual-resume disabled
    time-until-up 0
    timeout 16
    transparent disabled
    up-interval 0
}
ltm monitor udp /Common/udp {
    debug no
    defaults-from none
    destination *:*
    interval 5
    manual-resume disabled
    recv none
    recv-disable none
    send "default send string"
    time-until-up 0
    timeout 16
    transparent disabled
    up-interval 0
}
ltm persistence cookie /Common/cookie {
    always-send disabled
    cookie-encryption disabled
    cookie-name none
    expiration 0
    hash-length 0
    hash-offset 0
    httponly enabled
    match-across-pools disabled
    match-across-services disabled
    match-across-virtuals disabled
    method insert
    mirror disabled
    override-connection-limit disabled
    secure enabled
    timeout 180
}
ltm persistence dest-addr /Common/dest_addr {
    hash-algorithm default
    mask none
    match-across-pools disabled
    match-across-services disabled
    match-across-virtuals disabled
    mirror disabled
    override-connection-limit disabled
    timeout 180
}
ltm persistence hash /Common/hash {
    mirror disabled
    rule none
    timeout 180
}
ltm persistence source-addr /Common/source_addr {
    hash-algorithm default
    map-proxies enabled
    mask none
    match-across-pools disabled
    match-across-services disabled
    match-across-virtuals disabled
    mirror disabled
    override-connection-limit disabled
    timeout 180
}
ltm persistence ssl /Common/ssl {
    mirror disabled
    timeout 300
}
ltm persistence universal /Common/universal {
    mirror disabled
    rule none
    timeout 180
}
ltm profile client-ssl /Common/clientssl {
    alert-timeout indefinite
    authenticate once
    ca-file none
    cache-size 262144
    cache-timeout 3600
    cert /Common/default.crt
    cert-key-chain {
        default {
            cert /Common/default.crt
            key /Common/default.key
        }
    }
    chain none
    cipher-group none
    ciphers DEFAULT
    client-cert-ca none
    crl-file none
    handshake-timeout 10
    inherit-certkeychain false
    key /Common/default.key
    mode enabled
    options { dont-insert-empty-fragments no-tlsv1.3 }
    passphrase none
    peer-cert-mode ignore
    renegotiation enabled
    secure-renegotiation require
    server-name none
    session-ticket disabled
    sni-default false
    sni-require false
    strict-resume disabled
    unclean-shutdown enabled
}
ltm profile fastl4 /Common/fastL4 {
    idle-timeout 300
}
ltm profile http /Common/http {
    insert-xforwarded-for disabled
}
ltm profile http2 /Common/http2 { }
ltm profile one-connect /Common/oneconnect {
    source-mask any
}
ltm profile server-ssl /Common/serverssl {
    alert-timeout indefinite
    authenticate once
    ca-file none
    cache-size 262144
    cache-timeout 3600
    cert none
    chain none
    cipher-group none
    ciphers DEFAULT
    crl-file none
    handshake-timeout 10
    key none
    mode enabled
    options { dont-insert-empty-fragments no-tlsv1.3 }
    passphrase none
    peer-cert-mode ignore
    renegotiation enabled
    secure-renegotiation require-strict
    server-name none
    session-ticket disabled
    sni-default false
    sni-require false
    strict-resume disabled
    unclean-shutdown enabled
}
ltm profile tcp /Common/tcp {
    idle-timeout 300
}
ltm profile udp /Common/udp {
    idle-timeout 60
}
sys file ssl-cert /Common/default.crt { }
sys file ssl-key /Common/default.key { }
cm traffic-group /Common/traffic-group-1 {
    unit-id 1
}
cm traffic-group /Common/traffic-group-local-only { }
auth partition Common {
    description "Repository for system objects and shared objects."
}
net route-domain /Common/0 {
    id 0
}
ltm default-node-monitor {
    rule none
}
`;

/** Those of the objects that the loaded configuration does not hold itself. */
export function withBuiltin({ objects }: Configuration): Configuration {
  const own = new Set(objects.map(({ kind, name }) => `${kind} ${name}`));
  const more = parseConfiguration(text).objects.filter(({ kind, name }) => !own.has(`${kind} ${name}`));
  return { objects: [...more, ...objects] };
}

/** Whether an object came with the device and was never changed; such are not saved. */
export function isBuiltin(object: { readonly kind: string; readonly name: string }, rendered: string): boolean {
  return builtin.get(`${object.kind} ${object.name}`) === rendered;
}

const builtin: ReadonlyMap<string, string> = new Map(
  text
    .trim()
    .split(/(?<=^\}\n)|(?<=\{ \}\n)/m)
    .map((one) => [one.slice(0, one.indexOf(' {')), one]),
);
