/** Words that open a section, HAProxy 1.8 to 3.5 (manual 2.1, 3, 4, 12; REGISTER_CONFIG_SECTION in its sources). */
export const sectionKeywords: ReadonlySet<string> = new Set([
  'global',
  'defaults',
  'frontend',
  'backend',
  'listen',
  'userlist',
  'peers',
  'mailers',
  'resolvers',
  'namespace_list',
  'traces',
  'program',
  'cache',
  'http-errors',
  'ring',
  'log-forward',
  'log-profile',
  'fcgi-app',
  'crt-store',
  'acme',
  'healthcheck',
  'dynamic-update',
]);

/** Sections that hold what the model speaks of. */
export const proxyKeywords: ReadonlySet<string> = new Set(['defaults', 'frontend', 'backend', 'listen']);

/** First words of statements inside proxies (manual 4.1), so that an unindented one is not taken for a section of the future. */
export const proxyStatements: ReadonlySet<string> = new Set(
  (
    'acl appsession backlog balance bind bind-process block capture clitcpka-cnt clitcpka-idle clitcpka-intvl ' +
    'clitimeout compression contimeout cookie declare default default-server default_backend description disabled ' +
    'dispatch dynamic-cookie-key email-alert enabled error-log-format errorfile errorfiles errorloc errorloc302 ' +
    'errorloc303 external-check filter filter-sequence force-be-switch force-persist fullconn grace guid ' +
    'hash-balance-factor hash-preserve-affinity hash-type http-after-response http-check http-error http-request ' +
    'http-response http-reuse http-send-name-header id ignore-persist load-server-state-from-file log log-format ' +
    'log-format-sd log-steps log-tag max-keep-alive-queue max-session-srv-conns maxconn mode monitor monitor-net ' +
    'monitor-uri no option persist quic-initial rate-limit redirect redisp redispatch reqadd reqrep reqirep rspadd ' +
    'reqdel rspdel reqdeny reqallow retries retry-on server server-state-file-name server-template source srvtcpka-cnt ' +
    'srvtcpka-idle srvtcpka-intvl srvtimeout ssl-f-use stats stick stick-table tcp-check tcp-request tcp-response ' +
    'timeout tcpka transparent unique-id-format unique-id-header use-fcgi-app use-server use_backend'
  ).split(' '),
);
