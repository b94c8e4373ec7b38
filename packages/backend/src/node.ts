export { describeMachine, type MachineDescription } from './describe-machine.ts';
