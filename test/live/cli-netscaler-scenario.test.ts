import { netscalerAppliance } from '../rigs/appliance-scenario/netscaler.ts';
import { walkScenario } from '../rigs/appliance-scenario/scenario.ts';

walkScenario(netscalerAppliance);
