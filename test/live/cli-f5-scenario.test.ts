import { f5Appliance } from '../rigs/appliance-scenario/f5.ts';
import { walkScenario } from '../rigs/appliance-scenario/scenario.ts';

walkScenario(f5Appliance);
