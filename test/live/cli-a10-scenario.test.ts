import { a10Appliance } from '../rigs/appliance-scenario/a10.ts';
import { walkScenario } from '../rigs/appliance-scenario/scenario.ts';

walkScenario(a10Appliance);
