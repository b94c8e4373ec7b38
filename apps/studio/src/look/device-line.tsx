import type { DeviceReport } from '../engine/start-device.ts';
import { Choice } from '../ui/choice.tsx';
import { type Backend, backend, client, isStarting, useBackend } from './look-device.ts';

/** What computes and why, and a menu to have it computed elsewhere. */
export function DeviceLine() {
  return (
    <section class="group" data-setting="device">
      <h2>Computed on</h2>
      <Choice<Backend>
        label="Computed on"
        options={[
          { value: 'auto', text: 'Best' },
          { value: 'webgpu', text: 'WebGPU' },
          { value: 'wasm', text: 'WASM' },
        ].map((option) => ({ ...option, value: option.value as Backend, isDisabled: isStarting.value }))}
        value={backend.value}
        onChoose={(next) => void useBackend(next)}
      />
      <p class="note device-line">
        {isStarting.value ? 'Starting …' : client.value ? describeDevice(client.value.device) : 'Nothing computes.'}
      </p>
    </section>
  );
}

/** A report in a sentence. That there is no TensorFlow in a browser is no news to anybody. */
export function describeDevice({ name, reason }: DeviceReport): string {
  const [what, ...why] = reason.split('; ').filter((part) => !part.startsWith('no tensorflow'));
  const where = name === 'webgpu' ? 'On the GPU' : 'On the processor';
  return [`${where}: ${what}`, ...why.map((part) => part.replace(/^no webgpu: /, 'no WebGPU, since '))].join('; ');
}
