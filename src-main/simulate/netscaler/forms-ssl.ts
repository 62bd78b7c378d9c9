/** Rows of `forms.ts`: verb, words, arguments, example, source where it is not the manual. */
export type FormRow = readonly [verb: string, words: string, args: string, example: string, source?: string];

const handbook = 'NetScaler 12.0 Command Reference as on github.com/EpsilonSolutions/netscaler-command-reference';
const profilePage = `${handbook}, "ssl profile"; tls13 and dtls12 of adc-nitro-go, dtls1 of public ns.conf files (github.com/citrix/adc-nitro-go)`;
const vserverPage = `${handbook}, "ssl vserver"; tls13 and dtls12 of adc-nitro-go, dtls1 of public ns.conf files (github.com/citrix/adc-nitro-go)`;

const onOff = 'ENABLED|DISABLED';
/** What a profile and a virtual server have alike, in the order of the manual. */
function handshake(first: string, last: string): string {
  return `${first}-dh ${onOff} -dhFile TEXT -dhCount 0..65534 -dhKeyExpSizeLimit ${onOff} -eRSA ${onOff} -eRSACount 0..65534 -sessReuse ${onOff} -sessTimeout 0..4294967294 -cipherRedirect ${onOff} -cipherURL TEXT -clientAuth ${onOff} -clientCert Mandatory|Optional -sslRedirect ${onOff} -redirectPortRewrite ${onOff} -ssl3 ${onOff} -tls1 ${onOff} -tls11 ${onOff} -tls12 ${onOff} -tls13 ${onOff} -dtls1 ${onOff} -dtls12 ${onOff} -SNIEnable ${onOff} -ocspStapling ${onOff} ${last}-sendCloseNotify YES|NO -HSTS ${onOff} -maxage 0..4294967294 -IncludeSubdomains YES|NO -strictSigDigestCheck ${onOff}`;
}

export const vserverSettings = handshake(
  '-clearTextPort 0..65534 ',
  '-pushEncTrigger Always|Merge|Ignore|Timer -sslProfile TEXT ',
);
export const profileSettings = handshake(
  '-sslProfileType BackEnd|FrontEnd ',
  `-serverAuth ${onOff} -commonName TEXT -denySSLReneg NO|FRONTEND_CLIENT|FRONTEND_CLIENTSERVER|ALL|NONSECURE -sessionTicket ${onOff} -sessionTicketLifeTime 0..172800 -clientAuthUseBoundCAChain ${onOff} `,
);

export const sslRows: readonly FormRow[] = [
  [
    'add',
    'ssl certKey <certkeyName>',
    `-cert TEXT -key TEXT -password [TEXT] -inform DER|PEM|PFX -expiryMonitor ${onOff} -notificationPeriod 10..100 -bundle YES|NO`,
    'add ssl certKey c2 -cert spare.pem -key spare.key',
    `${handbook}, "ssl certKey"`,
  ],
  [
    'update',
    'ssl certKey <certkeyName>',
    '-cert TEXT -key TEXT -password [TEXT] -inform DER|PEM|PFX -noDomainCheck',
    'update ssl certKey site',
  ],
  [
    'set',
    'ssl certKey <certkeyName>',
    `-expiryMonitor ${onOff} -notificationPeriod 10..100`,
    'set ssl certKey site -notificationPeriod 40',
  ],
  ['unset', 'ssl certKey <certkeyName>', '-expiryMonitor -notificationPeriod', 'unset ssl certKey site -expiryMonitor'],
  ['rm', 'ssl certKey <certkeyName>', '', 'rm ssl certKey unused'],
  ['link', 'ssl certKey <certkeyName> <linkCertKeyName>', '', 'link ssl certKey unused ca'],
  ['unlink', 'ssl certKey <certkeyName>', '', 'unlink ssl certKey site'],
  ['show', 'ssl certKey [<certkeyName>]', '', 'show ssl certKey site'],
  ['show', 'ssl certLink', '', 'show ssl certLink', 'public transcript of NetScaler VPX: show ssl certlink'],
  ['set', 'ssl vserver <vServerName>', vserverSettings, 'set ssl vserver secure -tls1 DISABLED', vserverPage],
  ['unset', 'ssl vserver <vServerName>', vserverSettings, 'unset ssl vserver secure -tls11', vserverPage],
  [
    'bind',
    'ssl vserver <vServerName>',
    '-certkeyName TEXT -CA -crlCheck Mandatory|Optional -ocspCheck Mandatory|Optional -skipCAName -SNICert -cipherName TEXT -eccCurveName ALL|P_224|P_256|P_384|P_521',
    'bind ssl vserver secure -certkeyName unused -SNICert',
    vserverPage,
  ],
  [
    'unbind',
    'ssl vserver <vServerName>',
    '-certkeyName TEXT -CA -SNICert -cipherName TEXT -eccCurveName ALL|P_224|P_256|P_384|P_521',
    'unbind ssl vserver secure -certkeyName site',
    vserverPage,
  ],
  ['show', 'ssl vserver [<vServerName>]', '', 'show ssl vserver secure', vserverPage],
  ['add', 'ssl profile <name>', profileSettings, 'add ssl profile p2 -tls11 DISABLED', profilePage],
  ['set', 'ssl profile <name>', profileSettings, 'set ssl profile strict -tls13 ENABLED', profilePage],
  ['unset', 'ssl profile <name>', profileSettings, 'unset ssl profile strict -tls1', profilePage],
  ['rm', 'ssl profile <name>', '', 'rm ssl profile strict', profilePage],
  [
    'bind',
    'ssl profile <name>',
    '-cipherName TEXT -cipherPriority 1..1000 -eccCurveName ALL|P_224|P_256|P_384|P_521',
    'bind ssl profile strict -cipherName TLS1.2-AES128-GCM-SHA256 -cipherPriority 1',
    profilePage,
  ],
  [
    'unbind',
    'ssl profile <name>',
    '-cipherName TEXT -eccCurveName ALL|P_224|P_256|P_384|P_521',
    'unbind ssl profile strict -cipherName DEFAULT',
    profilePage,
  ],
  ['show', 'ssl profile [<name>]', '', 'show ssl profile strict', profilePage],
  ['add', 'ssl cipher <cipherGroupName>', '', 'add ssl cipher modern'],
  ['rm', 'ssl cipher <cipherGroupName>', '', 'rm ssl cipher own'],
  [
    'bind',
    'ssl cipher <cipherGroupName>',
    '-cipherName TEXT -cipherPriority 1..1000',
    'bind ssl cipher own -cipherName TLS1.2-AES256-GCM-SHA384',
  ],
  [
    'unbind',
    'ssl cipher <cipherGroupName>',
    '-cipherName TEXT',
    'unbind ssl cipher own -cipherName TLS1.2-ECDHE-RSA-AES128-GCM-SHA256',
  ],
  ['show', 'ssl cipher [<cipherGroupName>]', '', 'show ssl cipher own'],
];
