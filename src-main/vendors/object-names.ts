import type { VendorId } from '../contract/address.ts';

/** Groups of NetScaler's commands whose kinds of object have two words: `add lb vserver NAME`. */
const twoWords =
  'aaa|appflow|appfw|appqoe|audit|authentication|authorization|autoscale|bot|ca|cache|cloud|cluster|cmp|contentInspection|cr|cs|db|dns|' +
  'feo|filter|gslb|ha|icap|ica|ipsec|lb|lldp|lsn|metrics|network|ns|policy|pq|protocol|quic|rdp|responder|rewrite|rise|router|sc|smpp|' +
  'snmp|spillover|sslcert|ssl|stream|subscriber|sure|system|tm|transform|tunnel|user|utility|videooptimization|vpn|wf|wi';

/** How a kind of configuration gives names, also to what no driver models: the name is the last group of each match. */
const patterns: Partial<Readonly<Record<VendorId, readonly RegExp[]>>> = {
  haproxy: [
    /^[ \t]*(?:userlist|peers|resolvers|mailers|cache|ring|program|http-errors|fcgi-app|log-forward|crt-store|log-profile|traces|defaults|listen|frontend|backend|peer|mailer|group|acl|nameserver)[ \t]+("[^"\n]+"|\S+)/gm,
    /[ \t]-m[ \t]+\w+[ \t]+(\S+)[ \t]*$/gm,
    /^[ \t]*(?:node|description)[ \t]+(\S+)/gm,
  ],
  netscaler: [
    new RegExp(`^(?:add|set|bind|link|unset)[ \\t]+(?:${twoWords})[ \\t]+\\w+[ \\t]+("[^"\\n]+"|[^\\s-]\\S*)`, 'gm'),
    new RegExp(`^(?:add|set|bind|link|unset)[ \\t]+(?!(?:${twoWords})[ \\t])\\w+[ \\t]+("[^"\\n]+"|[^\\s-]\\S*)`, 'gm'),
    /^set[ \t]+ns[ \t]+hostName[ \t]+(\S+)/gim,
  ],
  f5: [
    /^(?:ltm|net|sys|auth|cm|gtm|apm|asm|security|pem|wom|ilx|analytics)[ \t][\w \t-]*?[ \t](\/?[^\s{]+)[ \t]*\{/gm,
    /^[ \t]+hostname[ \t]+(\S+)/gm,
  ],
};

/** Names that a configuration, or the answers to commands, give to objects. */
export function objectNames(vendor: VendorId, text: string): readonly string[] {
  const found = (patterns[vendor] ?? []).flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => match.at(-1) ?? ''),
  );
  return [...new Set(found.map((name) => name.replace(/^"(.*)"$/, '$1')))].filter((name) => name !== '');
}
