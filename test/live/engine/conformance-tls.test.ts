import { holdAgainstOthers } from '../../rigs/conformance/raw-suite.ts';
import { tlsCases } from '../../rigs/conformance/tls-cases.ts';

holdAgainstOthers('TLS', 'tls', tlsCases);
