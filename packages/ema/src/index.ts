export { emaUpdate } from './ema-update.ts';
export { type KernelName, kernelNames } from './kernels.ts';
export { type MomentumSpec, momentumSchedule } from './momentum.ts';
export { initTeacher, type TeacherParams, teacherParams, updateTeacher } from './teacher.ts';
export type { TeacherPolicy } from './teacher-policy.ts';
export { type ParameterCounts, trainingParameterCount } from './training-parameter-count.ts';
