import { proxyCases } from '../../rigs/conformance/proxy-cases.ts';
import { holdAgainstOthers } from '../../rigs/conformance/raw-suite.ts';

holdAgainstOthers('PROXY protocol', 'proxy', proxyCases);
