import { holdAgainstOthers } from '../../rigs/conformance/raw-suite.ts';
import { webSocketCases } from '../../rigs/conformance/websocket-cases.ts';

holdAgainstOthers('WebSocket', 'websocket', webSocketCases);
