import { holdAgainstOthers } from '../../rigs/conformance/raw-suite.ts';
import { tlsCases } from '../../rigs/conformance/tls-cases.ts';
import { runSessionCases, tlsSessionCases } from '../../rigs/conformance/tls-session-cases.ts';

holdAgainstOthers('TLS', 'tls', tlsCases, { cases: tlsSessionCases, run: runSessionCases });
